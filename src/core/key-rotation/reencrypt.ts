import type { Deps } from "../context.ts";
import { ENCRYPTED_COLUMNS, replaceValue, selectOutdated } from "./store.ts";

const BATCH = 100;

/**
 * Encrypts everything anew that an older key still holds, a batch at a time; servers may read and write meanwhile.
 * @returns how many values it was; after 0, nothing needs the older keys any more
 */
export async function reencrypt({ db, cipher }: Pick<Deps, "db" | "cipher">): Promise<number> {
  let total = 0;
  for (const column of ENCRYPTED_COLUMNS) {
    for (;;) {
      const outdated = await selectOutdated(db, column, cipher.prefix, BATCH);
      for (const { id, value } of outdated) {
        const context = `${column.table}.${column.column}:${id}`;
        const renewed = cipher.encrypt(cipher.decrypt(value, context), context);
        total += await replaceValue(db, column, id, value, renewed);
      }
      if (outdated.length < BATCH) break;
    }
  }
  return total;
}
