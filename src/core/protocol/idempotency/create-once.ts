import type { Cipher } from "../../ports/cipher.ts";
import type { Database, Queries } from "../../ports/database.ts";
import { canonicalJson } from "../canonical-json.ts";
import { AppError } from "../errors.ts";
import { claimCreation, findCreation } from "./store.ts";

export interface Creation {
  /** Whose key it is. */
  owner: string;
  operation: string;
  /** Undefined: every call creates. */
  key: string | undefined;
  /** The whole input, so that a key used for something else is noticed. */
  request: unknown;
}

/**
 * Creates something at most once for each key (R7.4). Key and creation are one transaction: of many at once one
 * creates, the others wait for it and learn what it made; a process that dies in the middle leaves neither.
 *
 * @param id what is created gets this id
 * @throws `idempotency_conflict` where the key was used with another request
 */
export async function createOnce(
  { db, cipher }: { db: Database; cipher: Cipher },
  creation: Creation,
  id: string,
  create: (tx: Queries, id: string) => Promise<unknown>,
): Promise<{ id: string; replayed: boolean }> {
  const { key } = creation;
  const created = await db.$transaction(async (tx) => {
    const claim = { ...creation, requestDigest: digestOf(cipher, creation), id };
    if (key !== undefined && !(await claimCreation(tx, { ...claim, key }))) return false;
    await create(tx, id);
    return true;
  });
  const earlier = created ? undefined : await findCreated({ db, cipher }, creation);
  return { id: earlier ?? id, replayed: earlier !== undefined };
}

/**
 * The id of what was created under this key before, if anything.
 * @throws `idempotency_conflict` where the key was used with another request
 */
export async function findCreated(
  { db, cipher }: { db: Queries; cipher: Cipher },
  creation: Pick<Creation, "owner" | "operation" | "key" | "request">,
): Promise<string | undefined> {
  const { owner, operation, key } = creation;
  const earlier = key === undefined ? undefined : await findCreation(db, { owner, operation, key });
  if (earlier === undefined) return undefined;
  if (Buffer.compare(earlier.requestDigest, digestOf(cipher, creation)) !== 0)
    throw new AppError("idempotency_conflict");
  return earlier.resultId;
}

/** Keyed, since what it is of could be guessed: an e-mail address, a date of birth. */
const digestOf = (cipher: Cipher, { request }: Pick<Creation, "request">): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(cipher.hmac(canonicalJson(request)));
