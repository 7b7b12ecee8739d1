import type { Deps } from "../../context.ts";
import { ENCRYPTED_COLUMNS, replaceValue, selectOutdated } from "./store.ts";

const BATCH_SIZE = 100;

/**
 * Re-encrypts every stored value that an older key encrypted, in batches. Servers may read and write at the
 * same time. A value that can't be decrypted stays unchanged.
 * @returns `values`: how many values were replaced; `unreadable`: table, column and id of each value that can't
 *   be decrypted
 */
export async function reencrypt({
  db,
  cipher,
}: Pick<Deps, "db" | "cipher">): Promise<{ values: number; unreadable: string[] }> {
  let values = 0;
  const unreadable: string[] = [];
  for (const column of ENCRYPTED_COLUMNS) {
    for (let lastId = "", hasMore = true; hasMore;) {
      const outdated = await selectOutdated(db, column, cipher.prefix, lastId, BATCH_SIZE);
      for (const { id, value } of outdated) {
        const context = `${column.table}.${column.column}:${id}`;
        try {
          const renewed = cipher.encrypt(cipher.decrypt(value, context), context);
          values += await replaceValue(db, column, id, value, renewed);
        } catch {
          unreadable.push(context);
        }
      }
      lastId = outdated.at(-1)?.id ?? lastId;
      hasMore = outdated.length === BATCH_SIZE;
    }
  }
  return { values, unreadable };
}
