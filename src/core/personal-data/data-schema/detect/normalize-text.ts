import { withDigits } from "./japanese-numerals.ts";

/**
 * Returns the text as a person sees it, and as browsers and URL parsers decode it, where that differs. Each
 * encoding is also undone alone, because undoing two can lose an address: `%5b@example.com` is an address and
 * `[@example.com` isn't.
 */
export function normalizedTexts(text: string): string[] {
  const plain = foldLookAlikes(text);
  const found = new Set([plain]);
  for (const decode of [decodeAll, decodePercentOnce, decodeEntities]) {
    let reading = plain;
    for (let n = 0; n < MAX_DECODINGS; n += 1) {
      const decoded = decode(reading);
      if (decoded === reading) break;
      reading = decoded;
      found.add(reading);
    }
  }
  return [...found];
}

/**
 * Enough for entities within percent-encoding within entities. Deeper nesting only serves to hide something.
 */
const MAX_DECODINGS = 3;

/** Decodes printable ASCII from `%40`, `%2540` (encoded twice), `&#64;`, `&#x40;` and `&amp;#64;`. */
const decodeAll = (text: string): string =>
  decodeEntities(text.replace(/%(?:25)*([2-7][0-9a-f])/gi, (_match, hex: string) => fromHex(hex)));

const decodePercentOnce = (text: string): string =>
  text.replace(/%([2-7][0-9a-f])/gi, (_match, hex: string) => fromHex(hex));

const decodeEntities = (text: string): string =>
  text
    .replace(NAMED_ENTITY, (match, name: string) => SIGNS[name.toLowerCase()] ?? match)
    .replace(ENTITY, (match, hex: string | undefined, decimal: string | undefined) => {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code >= 0x20 && code <= 0x7e ? String.fromCharCode(code) : match;
    });

/** The named entities of the signs that addresses and numbers hold. */
const SIGNS: Readonly<Record<string, string>> = {
  ...{ commat: "@", period: ".", plus: "+", hyphen: "-", dash: "-", lowbar: "_", sol: "/", colon: ":" },
  ...{ lpar: "(", rpar: ")", nbsp: " ", num: "#" },
};
const NAMED_ENTITY = /&(?:amp;)*(commat|period|plus|hyphen|dash|lowbar|sol|colon|lpar|rpar|nbsp|num);/gi;

const ENTITY = /&(?:amp;)*#(?:x0*([2-7][0-9a-f])(?![0-9a-f])|0*(\d{2,3})(?!\d));?/gi;

const fromHex = (hex: string): string => String.fromCharCode(Number.parseInt(hex, 16));

/**
 * Folds compatibility forms, foreign digits, dashes and spaces to ASCII. Removes invisible characters, and with them the
 * vowel signs of scripts such as Devanagari and Thai. So whatever is compared with a folded text has to be folded too.
 */
export function foldLookAlikes(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return (
    withDigits(
      text
        // Before `normalize`, which takes quadratic time to sort long runs of combining marks.
        .replace(INVISIBLE, "")
        .normalize("NFKC")
        .replace(INVISIBLE, "")
        .replace(/[^\P{Nd}0-9]/gu, asciiDigit),
    )
      .replace(/[\p{Pd}\u2212]/gu, "-")
      // The long vowel mark and the lines of tables stand for a dash between digits.
      .replace(/(?<=\d)[\u30fc\u2500\u2501](?=\d)/gu, "-")
      .replace(/\u3002/g, ".")
      .replace(/\s+/g, " ")
  );
}

/** Marks, format characters (zero-width characters, soft hyphens) and Hangul fillers. */
const INVISIBLE = /[\p{M}\p{Cf}\u115f\u1160\u3164\uffa0]/gu;

/** Unicode keeps the ten digits of a script together: a digit's value is its distance from the first. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let first = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return String((code - first) % 10);
}
