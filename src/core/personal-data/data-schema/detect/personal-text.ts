import type { DataType } from "../../../protocol/data-types.ts";
import { withoutBankAccounts } from "./bank-accounts.ts";
import { holdsBirthDate } from "./birth-dates.ts";
import { holdsCardNumber } from "./card-numbers.ts";
import { digitNeighbourhoods } from "./digit-neighbourhoods.ts";
import { holdsEmail, withoutEmails } from "./email-addresses.ts";
import { withoutNationalIds } from "./national-ids.ts";
import { normalizedTexts } from "./normalize-text.ts";
import { holdsPersonName } from "./person-names.ts";
import { holdsPhoneNumber } from "./phone-numbers.ts";
import type { RegionalSearch } from "./regional-phone-numbers.ts";
import { holdsAddress } from "./postal-addresses.ts";

/** A text, with what it is read for. Everything but names and e-mail addresses is looked for near digits only. */
interface Reading {
  text: string;
  nearDigits: string;
  /** The same without ids of machines, whose digits mean nothing; */
  withoutOpaque: string;
  /** and without bank accounts; */
  withoutAccounts: string;
  /** and without national ids: of all these, only the whole means something. */
  numbers: string;
  /** Whether `nearDigits` is the whole text, so that a number can be all there is. */
  isWhole: boolean;
  asked: readonly DataType[];
  search: RegionalSearch;
}

function read(text: string, asked: readonly DataType[], search: RegionalSearch): Reading {
  const nearDigits = digitNeighbourhoods(text);
  const withoutOpaque = nearDigits.replace(OPAQUE_IDS, " id ");
  const withoutAccounts = withoutBankAccounts(withoutOpaque);
  const numbers = withoutNationalIds(withoutAccounts);
  const isWhole = nearDigits === text;
  return { text, nearDigits, withoutOpaque, withoutAccounts, numbers, isWhole, asked, search };
}

/** UUIDs and hashes. Their digits mean nothing, but can look like a number. */
const OPAQUE_IDS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b(?:0x)?[0-9a-f]{32,}\b/gi;

/** What a text can look like, and the data types that fit. A card number fits none: no sponsor may ask for one. */
const LIKENESSES = [
  { likeness: "an e-mail address", fitting: ["email"], isIn: ({ text }) => holdsEmail(text) },
  {
    likeness: "a bank account number",
    fitting: ["identifier"],
    isIn: ({ withoutOpaque, withoutAccounts }) => withoutAccounts !== withoutOpaque,
  },
  {
    likeness: "a national id",
    fitting: ["identifier"],
    isIn: ({ withoutAccounts, asked }) => {
      const besideEmails = asked.includes("email") ? withoutEmails(withoutAccounts) : withoutAccounts;
      return withoutNationalIds(besideEmails) !== besideEmails;
    },
  },
  {
    likeness: "a phone number",
    fitting: ["phone"],
    isIn: ({ numbers, search, isWhole, asked }) =>
      holdsPhoneNumber(asked.includes("email") ? withoutEmails(numbers) : numbers, search, isWhole),
  },
  { likeness: "a payment card number", fitting: [], isIn: ({ numbers }) => holdsCardNumber(numbers) },
  {
    likeness: "a date of birth",
    fitting: ["birthdate"],
    isIn: ({ nearDigits }) => holdsBirthDate(nearDigits),
  },
  {
    likeness: "a postal address",
    fitting: ["address", "region"],
    isIn: ({ nearDigits, isWhole }) => holdsAddress(nearDigits, isWhole),
  },
  { likeness: "a person's name", fitting: ["name"], isIn: ({ text }) => holdsPersonName(text) },
] as const satisfies {
  likeness: string;
  fitting: readonly DataType[];
  isIn: (reading: Reading) => boolean;
}[];

/**
 * Returns what the text looks like, if none of the data types asked for fits; or undefined. It protects users
 * from agents' mistakes, not from attacks: it finds addresses and numbers as people write them, not as somebody
 * would hide them. Takes time linear in the text.
 *
 * @param search the regions whose national phone numbers are found too. Its lookups are counted down
 * @example personalDataIn("write to ada@example.com", ["region"], searchIn([])) === "an e-mail address"
 */
export function personalDataIn(
  text: string,
  asked: readonly DataType[],
  search: RegionalSearch,
): (typeof LIKENESSES)[number]["likeness"] | undefined {
  for (const normalized of normalizedTexts(text)) {
    const reading = read(normalized, asked, search);
    for (const { likeness, fitting, isIn } of LIKENESSES)
      if (!fitting.some((type) => asked.includes(type)) && isIn(reading)) return likeness;
  }
  return undefined;
}
