import type { z } from "zod";
import { userExists } from "../../access/user/index.ts";
import type { Deps } from "../../context.ts";
import { invalidField, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { encryptItem, valueProblem } from "./rules.ts";
import type { PutVaultItemInput, PutVaultItemOutput } from "./schema.ts";
import { deleteItem, upsertItem } from "./store.ts";

/** Larger values than any form asks for. In bytes of JSON. */
const MAX_BYTES = 4_096;

/** Stores a user's data of one type, or removes it. @throws `not_found`, `validation_error` */
export async function putVaultItem(
  { db, cipher }: Pick<Deps, "db" | "cipher">,
  input: z.infer<typeof PutVaultItemInput>,
): Promise<z.infer<typeof PutVaultItemOutput>> {
  const { data_type: dataType, value } = input;
  const userId = requireId(input.user_id, "user");
  if (value === null) {
    if (!(await userExists(db, userId))) throw notFound("user");
    await deleteItem(db, userId, dataType);
    return { data_type: dataType, stored: false };
  }
  const expected = valueProblem(dataType, value);
  if (expected !== undefined) throw invalidField("/value", `This must be ${expected}.`, "format");
  if (Buffer.byteLength(JSON.stringify(value)) > MAX_BYTES)
    throw invalidField("/value", `This is larger than ${MAX_BYTES} bytes.`, "size");
  const stored = await upsertItem(db, {
    userId,
    dataType,
    value: encryptItem(cipher, { userId, dataType, value }),
  });
  if (!stored) throw notFound("user");
  return { data_type: dataType, stored: true };
}
