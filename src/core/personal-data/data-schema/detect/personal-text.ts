import type { DataType } from "../../../protocol/data-types.ts";
import { holdsIban, withoutIbans } from "./bank-accounts.ts";
import { holdsCardNumber } from "./card-numbers.ts";
import { holdsEmail, withoutEmails } from "./email-addresses.ts";
import { holdsAddress, holdsBirthDate, holdsNationalId } from "./labelled-data.ts";
import { normalizedTexts } from "./normalize-text.ts";
import { holdsPhoneNumber } from "./phone-numbers.ts";

/** What a text can look like, and the data types that fit. A card number fits none: no sponsor may ask for one. */
const LIKENESSES = [
  { likeness: "an e-mail address", fitting: ["email"], isIn: holdsEmail },
  { likeness: "a bank account number", fitting: ["identifier"], isIn: holdsIban },
  {
    likeness: "a phone number",
    fitting: ["phone"],
    isIn: (text, asked) => holdsPhoneNumber(asked.includes("email") ? withoutEmails(text) : text),
  },
  { likeness: "a payment card number", fitting: [], isIn: holdsCardNumber },
  { likeness: "a date of birth", fitting: ["birthdate"], isIn: holdsBirthDate },
  { likeness: "a postal address", fitting: ["address", "region"], isIn: holdsAddress },
  { likeness: "a national id", fitting: ["identifier"], isIn: holdsNationalId },
] as const satisfies {
  likeness: string;
  fitting: readonly DataType[];
  isIn: (text: string, asked: readonly DataType[]) => boolean;
}[];

/** Of numbers in IBANs and in opaque ids, only the whole means something. */
const NUMBERS: ReadonlySet<string> = new Set(["a phone number", "a payment card number"]);

/**
 * Returns what the text looks like, if none of the data types asked for fits; or undefined. It protects users
 * from agents' mistakes, not from attacks: it finds addresses and numbers as people write them, not as somebody
 * would hide them. Takes time linear in the text.
 *
 * @example personalDataIn("write to ada@example.com", ["region"]) === "an e-mail address"
 */
export function personalDataIn(
  text: string,
  asked: readonly DataType[],
): (typeof LIKENESSES)[number]["likeness"] | undefined {
  for (const reading of normalizedTexts(text)) {
    const numbers = withoutIbans(reading.replace(OPAQUE_IDS, " id "));
    for (const { likeness, fitting, isIn } of LIKENESSES) {
      if (fitting.some((type) => asked.includes(type))) continue;
      if (isIn(NUMBERS.has(likeness) ? numbers : reading, asked)) return likeness;
    }
  }
  return undefined;
}

/** UUIDs and hashes. Their digits mean nothing, but can look like a number. */
const OPAQUE_IDS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b(?:0x)?[0-9a-f]{32,}\b/gi;
