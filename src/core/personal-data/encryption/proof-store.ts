import { bytes } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Reads the proof of the keys. No row before the first start. */
export const readProof = statement({
  name: "encryption.read-proof",
  limit: "read",
  params: {},
  row: { ciphertext: bytes, digest: bytes },
  text: "SELECT ciphertext, digest FROM key_proofs",
});

/** Stores the proof, unless there is one. */
export const insertProof = statement({
  name: "encryption.insert-proof",
  limit: "job",
  params: { ciphertext: bytes, digest: bytes },
  row: {},
  text: "INSERT INTO key_proofs (ciphertext, digest) VALUES ($ciphertext, $digest) ON CONFLICT (id) DO NOTHING",
});

/** Replaces the digest of the proof. */
export const replaceProofDigest = statement({
  name: "encryption.replace-proof-digest",
  limit: "job",
  params: { digest: bytes },
  row: {},
  text: "UPDATE key_proofs SET digest = $digest",
});
