-- AlterTable
ALTER TABLE "task_completions" ADD COLUMN     "sources" JSONB;
