-- AlterTable
ALTER TABLE "sponsors" ADD COLUMN     "closed_at" TIMESTAMPTZ(6);
