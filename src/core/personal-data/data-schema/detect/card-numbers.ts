/** First digits and lengths of the networks' numbers, as [from, to, lengths]. */
const ISSUERS: readonly (readonly [from: string, to: string, lengths: readonly number[]])[] = [
  ["4", "4", [13, 16, 18, 19]], // Visa
  ["51", "55", [16]], // Mastercard
  ["2221", "2720", [16]],
  ["34", "34", [15]], // American Express
  ["37", "37", [15]],
  ["300", "305", [14, 16, 17, 18, 19]], // Diners Club
  ["3095", "3095", [14, 16, 17, 18, 19]],
  ["36", "36", [14, 16, 17, 18, 19]],
  ["38", "39", [14, 16, 17, 18, 19]],
  ["3528", "3589", [16, 17, 18, 19]], // JCB
  ["6011", "6011", [16, 17, 18, 19]], // Discover
  ["644", "649", [16, 17, 18, 19]],
  ["65", "65", [16, 17, 18, 19]],
  ["62", "62", [16, 17, 18, 19]], // UnionPay
  ["81", "81", [16, 17, 18, 19]],
  ["2200", "2204", [16, 17, 18, 19]], // Mir
  ["5018", "5018", [13, 14, 15, 16, 17, 18, 19]], // Maestro
  ["5020", "5020", [13, 14, 15, 16, 17, 18, 19]],
  ["5038", "5038", [13, 14, 15, 16, 17, 18, 19]],
  ["5893", "5893", [13, 14, 15, 16, 17, 18, 19]],
  ["6304", "6304", [13, 14, 15, 16, 17, 18, 19]],
  ["6759", "6759", [13, 14, 15, 16, 17, 18, 19]],
  ["6761", "6763", [13, 14, 15, 16, 17, 18, 19]],
  ["60", "60", [16]], // RuPay
  ["82", "82", [16]],
  ["508", "508", [16]],
];

const MIN_DIGITS = 13;
const MAX_DIGITS = 19;

/** Group lengths of printed cards, which are found among other numbers; any other grouping only on its own. */
const PRINTED: ReadonlySet<string> = new Set(["4-4-4-4", "4-4-4-4-3", "4-6-5", "4-6-4", "4-4-4-1", "6-13"]);
const MAX_GROUPS = 5;

/**
 * Payment card numbers, in groups or in one: the length and first digits of an issuer, and Luhn's check
 * digit. A few in a hundred other numbers of that length pass, too; that is the price of seeing all cards.
 */
export function holdsCardNumber(text: string): boolean {
  const numbers = text.replace(PHONE_OF_13_DIGITS, " tel ");
  return (
    digitRuns(numbers).some(
      (groups) =>
        (groups.length <= MAX_DIGITS && isCardNumber(groups.join(""))) ||
        groups.some((group, start) => isCardNumber(group) || startsCard(groups, start)),
    ) || separatedRuns(numbers).some((groups) => groups.some((_, start) => startsCard(groups, start)))
  );
}

/** +49 1511 2345678: every tenth mobile number of Germany would pass for one of Visa's old 13-digit numbers. */
const PHONE_OF_13_DIGITS = /\+[1-9](?:[ ./()-]{0,3}\d){12}(?![ ./()-]{0,3}\d)/g;

/** Digits that belong together: groups with one or two spaces or dashes between them. Decimals are left out. */
function digitRuns(text: string): string[][] {
  const runs: string[][] = [];
  let end = -1;
  for (const { 0: digits, index } of text.matchAll(/(?<!\d\.)(?<!\d)\d+(?!\.\d)(?!\d)/g)) {
    const run = runs.at(-1);
    if (run !== undefined && /^[ -]{1,2}$/.test(text.slice(end, Math.min(index, end + 3)))) run.push(digits);
    else runs.push([digits]);
    end = index + digits.length;
  }
  return runs;
}

/** Three and more groups with the same dot, slash, underscore or dash between them, perhaps among spaces. */
function separatedRuns(text: string): string[][] {
  const runs = text.matchAll(/(?<!\d)\d+( ?[._/-] ?)\d+(?:\1\d+)+/g);
  return Array.from(runs, ([run, gap = ""]) => run.split(gap));
}

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

function isCardNumber(digits: string): boolean {
  return (
    digits.length >= MIN_DIGITS &&
    digits.length <= MAX_DIGITS &&
    ISSUERS.some(([from, to, lengths]) => {
      const prefix = digits.slice(0, from.length);
      return from <= prefix && prefix <= to && lengths.includes(digits.length);
    }) &&
    passesLuhn(digits) &&
    !isEan13(digits)
  );
}

function passesLuhn(digits: string): boolean {
  return checksum(digits, (digit) => (digit > 4 ? digit * 2 - 9 : digit * 2)) % 10 === 0;
}

/** Barcodes of Germany and Japan begin like Visa's 13-digit numbers, which are no longer issued. */
function isEan13(digits: string): boolean {
  return digits.length === 13 && checksum(digits, (digit) => digit * 3) % 10 === 0;
}

/** Sums the digits, every second one from the right weighted; the rightmost isn't. */
function checksum(digits: string, weigh: (digit: number) => number): number {
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits[digits.length - 1 - place]);
    sum += place % 2 === 1 ? weigh(digit) : digit;
  }
  return sum;
}
