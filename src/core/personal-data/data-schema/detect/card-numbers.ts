import { allMatches } from "./all-matches.ts";

/** First digits and lengths of the networks' card numbers. */
const ISSUED = new RegExp(
  `^(?:${[
    String.raw`4(?:\d{12}|\d{15}|\d{17,18})`, // Visa
    String.raw`5[1-5]\d{14}`, // Mastercard
    String.raw`(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}`, // Mastercard
    String.raw`3[47]\d{13}`, // American Express
    String.raw`(?:30[0-5]\d|3095|3[689]\d\d)(?:\d{10}|\d{12,15})`, // Diners Club
    String.raw`35(?:2[89]|[3-8]\d)\d{12,15}`, // JCB
    String.raw`(?:6011|64[4-9]\d|65\d\d)\d{12,15}`, // Discover
    String.raw`(?:62|81)\d{14,17}`, // UnionPay
    String.raw`220[0-4]\d{12,15}`, // Mir
    String.raw`(?:50(?:18|20|38)|5893|6304|6759|676[123])\d{9,15}`, // Maestro
    String.raw`(?:60\d|82\d|508)\d{13}`, // RuPay
  ].join("|")})$`,
);

const MAX_DIGITS = 19;

/** Group lengths of printed cards. Only these are found among other numbers. */
const PRINTED: ReadonlySet<string> = new Set(["4-4-4-4", "4-4-4-4-3", "4-6-5", "4-6-4", "4-4-4-1", "6-13"]);
const MAX_GROUPS = 5;

/**
 * Whether the text holds a payment card number, with or without groups: an issuer's first digits and length,
 * and a valid check digit. A few in a hundred other numbers of that length look the same. That is accepted, so
 * that no card number is missed.
 */
export function holdsCardNumber(text: string): boolean {
  const numbers = text.replace(PHONE_OF_13_DIGITS, " tel ");
  return (
    digitRuns(numbers).some(
      (groups) =>
        (groups.length <= MAX_DIGITS && isCardNumber(groups.join(""))) ||
        groups.some((group, start) => isCardNumber(group) || startsCard(groups, start)),
    ) ||
    separatedRuns(numbers).some(
      (groups) =>
        (groups.length <= MAX_GROUPS && isCardNumber(groups.join(""))) ||
        groups.some((_, start) => startsCard(groups, start)),
    )
  );
}

/** +49 1511 2345678: a tenth of Germany's mobile numbers would look like Visa's old 13-digit numbers. */
const PHONE_OF_13_DIGITS = /\+[1-9](?:[ ./()-]{0,3}\d){12}(?![ ./()-]{0,3}\d)/g;

/** Groups of digits with one or two spaces or dashes between them. Decimals are left out. */
function digitRuns(text: string): string[][] {
  const runs: string[][] = [];
  let end = -1;
  for (const { 0: digits, index } of allMatches(text, /(?<!\d\.)(?<!\d)\d+(?!\.\d)(?!\d)/g)) {
    const run = runs.at(-1);
    if (run !== undefined && /^[ -]{1,2}$/.test(text.slice(end, Math.min(index, end + 3)))) run.push(digits);
    else runs.push([digits]);
    end = index + digits.length;
  }
  return runs;
}

/** Three or more groups with the same dot, comma, slash, underscore or dash between them. */
function separatedRuns(text: string): string[][] {
  return allMatches(text, /(?<!\d)\d+( ?[.,_/-] ?)\d+(?:\1\d+)+/g).map(([run, gap = ""]) => run.split(gap));
}

/** Whether a card number in printed groups begins with this group. */
function startsCard(groups: readonly string[], start: number): boolean {
  let digits = "";
  const lengths: number[] = [];
  for (const group of groups.slice(start, start + MAX_GROUPS)) {
    digits += group;
    lengths.push(group.length);
    if (digits.length > MAX_DIGITS) return false;
    if (PRINTED.has(lengths.join("-")) && isCardNumber(digits)) return true;
  }
  return false;
}

/** Some barcodes of Germany and Japan begin like Visa's 13-digit numbers, which are no longer issued. */
const isCardNumber = (digits: string): boolean =>
  ISSUED.test(digits) &&
  weightedSum(digits, (digit) => (digit > 4 ? digit * 2 - 9 : digit * 2)) % 10 === 0 && // Luhn
  !(digits.length === 13 && weightedSum(digits, (digit) => digit * 3) % 10 === 0); // EAN-13

/** The sum of the digits. Every second digit from the right is weighted. The rightmost digit isn't. */
const weightedSum = (digits: string, weigh: (digit: number) => number): number =>
  Array.from(digits, Number).reduceRight(
    (sum, digit, index) => sum + ((digits.length - index) % 2 === 0 ? weigh(digit) : digit),
    0,
  );
