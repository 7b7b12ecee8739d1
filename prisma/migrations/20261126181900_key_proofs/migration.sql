-- CreateTable
CREATE TABLE "key_proofs" (
    "id" BOOLEAN NOT NULL DEFAULT true,
    "ciphertext" BYTEA NOT NULL,
    "digest" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "key_proofs_pkey" PRIMARY KEY ("id")
);

-- At most one row. The first server to start writes it.
ALTER TABLE key_proofs ADD CONSTRAINT key_proofs_one CHECK (id);
