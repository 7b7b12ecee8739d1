import type { Deps } from "../../context.ts";
import { ENCRYPTED_COLUMNS, replaceValue, selectOutdated } from "./store.ts";

const BATCH = 100;

/**
 * Encrypts everything anew that an older key still holds, a batch at a time; servers may read and write meanwhile. What
 * can't be read is left as it is.
 * @returns how many values it was, and the places of those that couldn't be read
 */
export async function reencrypt({
  db,
  cipher,
}: Pick<Deps, "db" | "cipher">): Promise<{ values: number; unreadable: string[] }> {
  let values = 0;
  const unreadable: string[] = [];
  for (const column of ENCRYPTED_COLUMNS) {
    for (let after = "", more = true; more;) {
      const outdated = await selectOutdated(db, column, cipher.prefix, after, BATCH);
      for (const { id, value } of outdated) {
        const context = `${column.table}.${column.column}:${id}`;
        try {
          const renewed = cipher.encrypt(cipher.decrypt(value, context), context);
          values += await replaceValue(db, column, id, value, renewed);
        } catch {
          unreadable.push(context);
        }
      }
      after = outdated.at(-1)?.id ?? after;
      more = outdated.length === BATCH;
    }
  }
  return { values, unreadable };
}
