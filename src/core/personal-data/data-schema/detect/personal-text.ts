import type { DataType } from "../../../protocol/data-types.ts";
import { holdsCardNumber } from "./card-numbers.ts";
import { holdsEmail, withoutEmails } from "./email-addresses.ts";
import { normalizedTexts } from "./normalize-text.ts";
import { holdsPhoneNumber } from "./phone-numbers.ts";

type Likeness = "an e-mail address" | "a phone number" | "a payment card number";

/**
 * Returns what the text looks like, if none of the data types asked for fits; or undefined. It protects users
 * from agents' mistakes, not from attacks: it finds addresses and numbers as people write them, not as somebody
 * would hide them. Takes time linear in the text. No data type fits a card number: sponsors may not ask for one.
 *
 * @example personalDataIn("write to ada@example.com", ["region"]) === "an e-mail address"
 */
export function personalDataIn(text: string, asked: readonly DataType[]): Likeness | undefined {
  const mayHoldEmail = asked.includes("email") || asked.includes("identifier");
  const mayHoldPhone = asked.includes("phone") || asked.includes("identifier");

  for (const reading of normalizedTexts(text)) {
    if (!mayHoldEmail && holdsEmail(reading)) return "an e-mail address";
    const numbers = reading.replace(OPAQUE_IDS, " id ");
    if (!mayHoldPhone && holdsPhoneNumber(mayHoldEmail ? withoutEmails(numbers) : numbers))
      return "a phone number";
    if (holdsCardNumber(numbers)) return "a payment card number";
  }
  return undefined;
}

/** UUIDs and hashes. Their digits mean nothing, but can look like a number. */
const OPAQUE_IDS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b(?:0x)?[0-9a-f]{32,}\b/gi;
