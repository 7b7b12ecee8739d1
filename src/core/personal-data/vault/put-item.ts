import type { z } from "zod";
import { userExists } from "../../access/user/index.ts";
import type { Deps } from "../../context.ts";
import { invalidField, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { encryptItem, mismatchedForm } from "./rules.ts";
import type { PutVaultItemInput, PutVaultItemOutput } from "./schema.ts";
import { deleteItem, upsertItem } from "./store.ts";

/** The largest value, in bytes of JSON. No form needs more. */
const MAX_BYTES = 4_096;

/**
 * Stores a user's data of one type, or removes it if the value is null.
 * @throws AppError `not_found` for an unknown user; `validation_error` if the value has the wrong form or is
 *   too large
 */
export async function putVaultItem(
  { db, sql, cipher }: Pick<Deps, "db" | "sql" | "cipher">,
  input: z.infer<typeof PutVaultItemInput>,
): Promise<z.infer<typeof PutVaultItemOutput>> {
  const { data_type: dataType, value } = input;
  const userId = requireId(input.user_id, "user");
  if (value === null) {
    if (!(await userExists(db, userId))) throw notFound("user");
    await deleteItem(db, userId, dataType);
    return { data_type: dataType, stored: false };
  }
  const expectedForm = mismatchedForm(dataType, value);
  if (expectedForm !== undefined) throw invalidField("/value", `This must be ${expectedForm}.`, "format");
  if (Buffer.byteLength(JSON.stringify(value)) > MAX_BYTES)
    throw invalidField("/value", `This is larger than ${MAX_BYTES} bytes.`, "size");
  const encrypted = encryptItem(cipher, { userId, dataType, value });
  const stored = await upsertItem.count(sql, { user_id: userId, data_type: dataType, value: encrypted });
  if (stored === 0) throw notFound("user");
  return { data_type: dataType, stored: true };
}
