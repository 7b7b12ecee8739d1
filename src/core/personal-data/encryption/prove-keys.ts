import type { Deps } from "../../context.ts";
import { insertProof, readProof, replaceProofDigest } from "./proof-store.ts";
import { ENCRYPTED_COLUMNS, selectOutdated } from "./store.ts";

/** The text that the proof holds, encrypted and digested. */
const KNOWN_TEXT = "tollfree";
const CONTEXT = "key_proofs.ciphertext:true";
const DIGEST_OF = "key_proofs.digest";

/** `encryption`, `digest`: the key that isn't the one of this database. */
export type KeyProofResult = "ok" | "encryption" | "digest";

/**
 * Checks that the configured keys are those with which this database was written. The first start stores what later
 * starts compare with. Several replicas may start at once: they all compare with what one of them stored.
 */
export async function proveKeys(deps: Pick<Deps, "db" | "sql" | "cipher">): Promise<KeyProofResult> {
  const { sql, cipher } = deps;
  if ((await readProof.first(sql, {})) === undefined) {
    // A database of a version before the proof. A wrong key must not become its proof.
    if (!(await canDecryptStored(deps))) return "encryption";
    await insertProof.count(sql, {
      ciphertext: cipher.encrypt(KNOWN_TEXT, CONTEXT),
      digest: cipher.hmac(DIGEST_OF),
    });
  }
  return (await checkProof(deps)) ?? "ok";
}

/** Compares the keys with the stored proof, and writes nothing. Undefined if none is stored. */
export async function checkProof({
  sql,
  cipher,
}: Pick<Deps, "sql" | "cipher">): Promise<KeyProofResult | undefined> {
  const proof = await readProof.first(sql, {});
  if (proof === undefined) return undefined;
  try {
    cipher.decrypt(proof.ciphertext, CONTEXT);
  } catch {
    return "encryption";
  }
  return cipher.hmac(DIGEST_OF).equals(proof.digest) ? "ok" : "digest";
}

/** Makes the configured digest key the one of this database. Earlier codes and pseudonyms are then worthless. */
export async function acceptDigestKey({ sql, cipher }: Pick<Deps, "sql" | "cipher">): Promise<void> {
  await replaceProofDigest.count(sql, { digest: cipher.hmac(DIGEST_OF) });
}

/** Whether one value of each encrypted column, if it has any from another than the current key, can be decrypted. */
async function canDecryptStored({ db, cipher }: Pick<Deps, "db" | "cipher">): Promise<boolean> {
  for (const column of ENCRYPTED_COLUMNS) {
    const [stored] = await selectOutdated(db, column, cipher.prefix, "", 1);
    if (stored === undefined) continue;
    try {
      cipher.decrypt(stored.value, `${column.table}.${column.column}:${stored.id}`);
    } catch {
      return false;
    }
  }
  return true;
}
