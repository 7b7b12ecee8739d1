import type { DataType } from "../../../protocol/data-types.ts";
import { holdsCardNumber } from "./card-numbers.ts";
import { holdsEmail, withoutEmails } from "./email-addresses.ts";
import { normalizedTexts } from "./normalize-text.ts";
import { holdsPhoneNumber } from "./phone-numbers.ts";

type Likeness = "an e-mail address" | "a phone number" | "a payment card number";

/** Data types under which a text may look like this. A card's number has none: nobody may ask for one. */
const MAY_ASK: Readonly<Record<Likeness, readonly DataType[]>> = {
  "an e-mail address": ["email", "identifier"],
  "a phone number": ["phone", "identifier"],
  "a payment card number": [],
};

/**
 * What a text looks like that the data types asked for don't fit, or undefined. A safety net for agents that
 * mean well: it finds addresses and numbers as people write them, not as someone would hide them. Takes time
 * linear in the text.
 *
 * @example personalDataIn("write to ada@example.com", ["region"]) === "an e-mail address"
 */
export function personalDataIn(text: string, asked: readonly DataType[]): Likeness | undefined {
  const mayBe = (likeness: Likeness): boolean => MAY_ASK[likeness].some((type) => asked.includes(type));
  const emails = mayBe("an e-mail address");
  const phones = mayBe("a phone number");

  for (const reading of normalizedTexts(text)) {
    if (!emails && holdsEmail(reading)) return "an e-mail address";
    const numbers = reading.replace(OPAQUE, " id ");
    if (!phones && holdsPhoneNumber(emails ? withoutEmails(numbers) : numbers)) return "a phone number";
    if (holdsCardNumber(numbers)) return "a payment card number";
  }
  return undefined;
}

/** UUIDs and hashes: identifiers that are everywhere, full of digits that mean nothing. */
const OPAQUE = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b(?:0x)?[0-9a-f]{32,}\b/gi;
