import { z } from "zod";
import type { Cipher } from "../../ports/cipher.ts";
import type { DataType } from "../../protocol/data-types.ts";

/** The encryption context. It binds a ciphertext to its user and data type. */
const itemContext = (userId: string, dataType: string): string => `vault_items.value:${userId}:${dataType}`;

export const encryptItem = (
  cipher: Cipher,
  item: { userId: string; dataType: DataType; value: unknown },
): Uint8Array<ArrayBuffer> =>
  cipher.encrypt(JSON.stringify(item.value), itemContext(item.userId, item.dataType));

export const decryptItem = (
  cipher: Cipher,
  userId: string,
  item: { data_type: string; value: Uint8Array },
): unknown =>
  JSON.parse(cipher.decrypt(item.value, itemContext(userId, item.data_type)).toString("utf8")) as unknown;

/** The data types whose values have one form everywhere. The other types accept any value. */
const FORMS: Partial<Record<DataType, { form: z.ZodType; name: string }>> = {
  email: { form: z.email().max(254), name: "an e-mail address" },
  birthdate: { form: z.iso.date(), name: "a date, as in 1990-12-31" },
  ip_address: { form: z.union([z.ipv4(), z.ipv6()]), name: "an IP address" },
};

/** Returns the name of the form that the value should have but hasn't, or undefined if the value is fine. */
export function mismatchedForm(dataType: DataType, value: unknown): string | undefined {
  const rule = FORMS[dataType];
  return rule === undefined || rule.form.safeParse(value).success ? undefined : rule.name;
}

/** A stored value as one text: the parts of an object, such as an address, one after the other. */
export function asText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return Object.values(value).map(asText).join(", ");
}
