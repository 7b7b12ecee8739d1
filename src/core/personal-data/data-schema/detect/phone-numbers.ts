import { CLEARLY_LABELLED } from "./phone-labels.ts";
import type { RegionalSearch } from "./regional-phone-numbers.ts";
import { holdsRegionalNumber } from "./regional-phone-numbers.ts";

/** The characters between two groups of a number: "030 / 123 456" has three. */
const GAP = "[ ./()-]{1,3}";

/** International numbers have 8 to 15 digits after the `+` (E.164). */
const INTERNATIONAL = [
  // +49 30 1234567, +1 (555) 123-4567, +4915112345678; but +1234567.89 and +52.5200066 are decimals, and C++17 a language
  String.raw`(?<!\+)\+(?!\d{4,15}\.\d{1,3}(?![ ./()-]{0,3}\d))(?!\d{1,3}\.\d{5,8}(?![ ./()-]{0,3}\d))\(?[1-9](?:[ ./()-]{0,3}\d){7,14}(?!\d)`,
  // 0049 30 1234567, only in groups: order numbers are also padded with zeros
  String.raw`(?<![\d.,])00[1-9]\d{0,2}${GAP}(?!00)\d(?:[ ./()-]{0,3}\d){6,12}(?!\d)`,
];

/** National numbers, only in the groups that people write: digits without groups are often order numbers. */
const NATIONAL = [
  // 555-123-4567, 555.123.4567, 1 555 123 4567
  String.raw`(?:1[ .-])?\d{3}[ ./-]\d{3}[ .-]\d{4}`,
  // (555) 123-4567, (11) 91234-5678; (030) 123456
  String.raw`\(\d{2,5}\)(?:[ ./-]{0,3}\d){7,9}`,
  String.raw`\(0\d{1,4}\)(?:[ ./-]{0,3}\d){5,9}`,
  // 030 1234567, 0171/1234567, 07911 123456, 089 / 123456
  String.raw`0[1-9]${GAP}\d{7,8}`,
  String.raw`0[1-9]\d${GAP}\d{6,8}`,
  String.raw`0[1-9]\d{2,3}${GAP}\d{5,8}`,
  // 020 7946 0958, 03-1234-5678, 0171 123 4567, 0161 496 0000, 0161 496 000. 12 digits are more likely an order
  String.raw`0[1-9]\d?(?<a>[ .-])\d{3,4}\k<a>\d{4}`,
  String.raw`0[1-9]\d{2}(?<h>[ .-])\d{3}\k<h>\d{4}`,
  // 03(1234)5678, 090(1234)5678
  String.raw`0[1-9]\d{0,3}\(\d{2,4}\)[ -]?\d{3,4}`,
  String.raw`0[1-9]\d{2,3}(?<b>[ .-])\d{3}\k<b>\d{3}`,
  String.raw`0[1-9]\d{0,3}\/ ?\d{3,4}[ .-]\d{3,4}`,
  // 02 555 12 12, 030 12 34 56, 044 668 18 00, 0470/12 34 56
  String.raw`0[1-9]${GAP}\d{3}(?<c>[ .-])\d{2}\k<c>\d{2}`,
  String.raw`0[1-9]\d{1,2}${GAP}\d{2,3}(?<d>[ .-])\d{2}\k<d>\d{2}`,
  // 06 12 34 56 78, but not as part of a longer list of two-digit numbers
  String.raw`(?<!(?<!\d)\d{2} )0[1-9](?<e>[ .-])\d{2}(?:\k<e>\d{2}){3}(?! \d{2}(?!\d))`,
  // 612 34 56 78
  String.raw`(?<!\d )[6-9]\d{2}(?<f>[ .-])\d{2}\k<f>\d{2}\k<f>\d{2}`,
  // 98765 43210
  String.raw`(?<!\d )[6-9]\d{4} \d{5}(?! \d)`,
  // 138 1234 5678
  String.raw`1[3-9]\d(?<i>[ -])\d{4}\k<i>\d{4}`,
  // 11 91234-5678
  String.raw`\d{2} 9\d{4}-\d{4}`,
];

/** A national number has no digits next to it: in 978-316-148-4100 its groups are part of something longer. */
const ALONE = { before: String.raw`(?<!\d)(?<!\d[./-])`, after: String.raw`(?!\d)(?![./-]\d)` };

/** Every repetition has a bound, so matching takes linear time. */
const PHONE = new RegExp(
  [...INTERNATIONAL, `${ALONE.before}(?:${NATIONAL.join("|")})${ALONE.after}`].join("|"),
);

/** 612 345 678 alone: elsewhere it is more likely an amount, as 612 345 000 is. */
const ALONE_NINE_DIGITS = /^[^\p{L}\p{N}\n]{0,3}[6-9]\d{2}([ -])\d{3}\1(?!000)\d{3}[^\p{L}\p{N}\n]{0,3}$/u;

/**
 * Whether the text holds a phone number: with `+` or `00`, in the groups of a national number, after a label, or as it is
 * dialled in one of the regions of the search.
 */
export const holdsPhoneNumber = (text: string, search: RegionalSearch, isWhole: boolean): boolean =>
  PHONE.test(text) ||
  (isWhole && ALONE_NINE_DIGITS.test(text)) ||
  CLEARLY_LABELLED.test(text) ||
  holdsRegionalNumber(text, search, isWhole);
