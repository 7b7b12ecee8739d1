import type { PhoneNumber } from "libphonenumber-js/max";
import { parsePhoneNumberFromString } from "libphonenumber-js/max";
import type { PhoneRegion } from "../../../protocol/phone-regions.ts";
import { LIMITS } from "../size-limits.ts";
import { allMatches } from "./all-matches.ts";
import { endsWithLabel, endsWithOtherLabel } from "./phone-labels.ts";

/** Where a number after a label is looked up, besides the regions that the caller names. */
const LABELLED_REGIONS = [
  "JP",
  "GB",
  "FR",
  "DE",
  "IT",
  "ES",
  "PT",
  "NL",
  "US",
  "IN",
  "BR",
  "CN",
  "KR",
  "AU",
] as const;
/** Whose mobile numbers begin with 0 and have no groups, so that they can be told from order numbers without a label. */
const MOBILE_REGIONS = ["JP", "GB", "FR", "DE", "NL", "AU"] as const;

/** A text with more numbers is a table. */
const MAX_NUMBERS = 20;

/** Where numbers are looked up besides the fixed regions, and how many times a number may still be looked up in a region. */
export interface RegionalSearch {
  /** Where the person and the campaign are, and what the operator configured. */
  readonly regions: readonly PhoneRegion[];
  /** Counts down. A lookup takes about 10 microseconds. Once none is left, no number is looked up any more. */
  lookupsLeft: number;
}

/** Seven to 14 digits in any groups, that aren't a part of a longer number, an amount or a word. */
const CANDIDATE =
  /(?<![\p{L}\p{N}_.,:/+#-])(?<!\d )[(]?\d(?:[ ./()-]{0,3}\d){6,13}(?![\p{L}\p{N}_]| ?[%€$£¥])(?![.,:/-]\d| \d)/gu;

/** A search that begins, with all its lookups left. */
export const searchIn = (regions: readonly PhoneRegion[]): RegionalSearch => ({
  regions,
  lookupsLeft: LIMITS.phoneLookups,
});

/**
 * Whether the text holds a phone number as it is dialled inside a region. A number after a label is looked up in many
 * regions. A number without one counts where the region is known: if it is the whole text, or is written as numbers of that
 * region are. Without a region, only mobile numbers that begin with 0 count.
 *
 * @param isWhole whether the text is all that was written
 */
export function holdsRegionalNumber(text: string, search: RegionalSearch, isWhole: boolean): boolean {
  const { regions } = search;
  const candidates = allMatches(text, CANDIDATE).slice(0, MAX_NUMBERS);
  return candidates.some(({ 0: candidate, index }) => {
    const before = text.slice(Math.max(0, index - 60), index);
    if (isDate(candidate) || isDecimal(candidate) || endsWithOtherLabel(before)) return false;
    const digits = candidate.replace(/\D/g, "");
    const isLabelled = endsWithLabel(before);
    const isAlone = isWhole && before.trim() === "" && text.slice(index + candidate.length).trim() === "";
    const isGrouped = /\d[ ./()-]+\d/.test(candidate);
    if (isLabelled)
      return [...LABELLED_REGIONS, ...regions].some((region) => lookUp(digits, region, search) !== undefined);
    if (!isGrouped && digits.startsWith("0")) {
      if (MOBILE_REGIONS.some((region) => lookUp(digits, region, search)?.getType() === "MOBILE"))
        return true;
    }
    if (isThousands(candidate) && !isAlone) return false;
    return regions.some((region) => {
      const number = lookUp(digits, region, search);
      return number?.country === region && isWritten(candidate, digits, number, { isAlone, isGrouped });
    });
  });
}

/** The number, if the region has given it out. */
function lookUp(digits: string, region: PhoneRegion, search: RegionalSearch): PhoneNumber | undefined {
  if (search.lookupsLeft <= 0) return undefined;
  search.lookupsLeft -= 1;
  const number = parsePhoneNumberFromString(digits, region);
  return number?.isValid() === true ? number : undefined;
}

/** Whether a number without a label is written as numbers of its region are. */
function isWritten(
  candidate: string,
  digits: string,
  number: PhoneNumber,
  { isAlone, isGrouped }: { isAlone: boolean; isGrouped: boolean },
): boolean {
  const national = number.formatNational();
  const isDialled = national.replace(/\D/g, "") === digits;
  const type = number.getType();
  // Where 0 is dialled before the area code, people often leave it out of a number in groups: 11 5555-1234.
  const isWithoutTrunk = isGrouped && groupLengths(national.replace("0", "")) === groupLengths(candidate);
  if (!isDialled && !isWithoutTrunk && type !== "MOBILE") return false;
  if (isAlone) return true;
  // In a text, digits without groups could be anything but a mobile number, which has an unmistakable beginning.
  if (!isGrouped) return type === "MOBILE" && isDialled;
  return [national, number.formatInternational().replace(/^\+\d+ /, "")].some(
    (format) => groupLengths(format) === groupLengths(candidate),
  );
}

const groupLengths = (number: string): string =>
  number
    .split(/\D+/)
    .filter((group) => group !== "")
    .map((group) => group.length)
    .join("-");

/** 2024-03-14, 14.03.2024, 20240314 */
const isDate = (text: string): boolean =>
  /^(?:19|20)\d{2}(?:[-/.]\d{1,2}[-/.]\d{1,2}$|[01]\d[0-3]\d$)|^\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d{2}$/.test(
    text,
  );

/** 9.12345678 */
const isDecimal = (text: string): boolean => /^\d+\.\d{4,}$/.test(text);

/** 745 123 987 and 1.234.567 are more likely amounts. */
const isThousands = (text: string): boolean => /^\d{1,3}(?:([ .])\d{3})(?:\1\d{3})+$/.test(text);
