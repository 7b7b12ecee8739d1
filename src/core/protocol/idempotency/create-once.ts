import type { Cipher } from "../../ports/cipher.ts";
import type { Sql, SqlPool } from "../../ports/sql.ts";
import { canonicalJson } from "../canonical-json.ts";
import { AppError } from "../errors.ts";
import { claimCreation, findCreation } from "./store.ts";

/** One call that creates something, with its idempotency key. */
export interface Creation {
  /** The caller that the key belongs to. Two owners can use the same key. */
  owner: string;
  operation: string;
  /** The idempotency key. Undefined: every call creates something new. */
  key: string | undefined;
  /** The whole input. A key that comes back with another input is refused. */
  request: unknown;
}

/**
 * Runs `create` at most once for each key (R7.4). The key and the creation are written in one transaction. If
 * many calls with one key run at once, one creates and the others wait and return its id. If the process dies
 * in the middle, neither the key nor the creation stays.
 *
 * @param id the id for the new thing
 * @returns the new id, or with `replayed` the id that an earlier call created
 * @throws AppError `idempotency_conflict` if the key was used with another request
 */
export async function createOnce(
  { sql, cipher }: { sql: SqlPool; cipher: Cipher },
  creation: Creation,
  id: string,
  create: (sql: Sql) => Promise<void>,
): Promise<{ id: string; replayed: boolean }> {
  const { owner, operation, key } = creation;
  const created = await sql.transaction(async (tx) => {
    const claim = { owner, operation, request_digest: digestOf(cipher, creation), result_id: id };
    if (key !== undefined && (await claimCreation.count(tx, { ...claim, key })) === 0) return false;
    await create(tx);
    return true;
  });
  const earlier = created ? undefined : await findCreated({ sql, cipher }, creation);
  return { id: earlier ?? id, replayed: earlier !== undefined };
}

/**
 * Returns the id that an earlier call created under this key, or undefined.
 * @throws AppError `idempotency_conflict` if the key was used with another request
 */
export async function findCreated(
  { sql, cipher }: { sql: Sql; cipher: Cipher },
  creation: Pick<Creation, "owner" | "operation" | "key" | "request">,
): Promise<string | undefined> {
  const { owner, operation, key } = creation;
  const earlier = key === undefined ? undefined : await findCreation.first(sql, { owner, operation, key });
  if (earlier === undefined) return undefined;
  if (Buffer.compare(earlier.request_digest, digestOf(cipher, creation)) !== 0)
    throw new AppError("idempotency_conflict");
  return earlier.result_id;
}

/** The digest is keyed. Otherwise an attacker could guess a short input from it, such as an e-mail address. */
const digestOf = (cipher: Cipher, { request }: Pick<Creation, "request">): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(cipher.hmac(canonicalJson(request)));
