import { holdsCardNumber } from "./card-numbers.ts";
import { holdsPhoneNumber } from "./phone-numbers.ts";

/**
 * What a text that wasn't declared as personal data looks like all the same, or undefined. A safety net for
 * agents that mean well: it finds addresses and numbers as people write them, not as someone would hide them.
 * Takes time linear in the text.
 *
 * @example personalDataIn("write to ada@example.com") === "an e-mail address"
 */
export function personalDataIn(text: string): string | undefined {
  for (const reading of readings(text)) {
    if (holdsEmail(reading)) return "an e-mail address";
    const numbers = reading.replace(OPAQUE, " id ");
    if (holdsPhoneNumber(numbers)) return "a phone number";
    if (holdsCardNumber(numbers)) return "a payment card number";
  }
  return undefined;
}

/** UUIDs and hashes: identifiers that are everywhere, full of digits that mean nothing. */
const OPAQUE = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b(?:0x)?[0-9a-f]{32,}\b/gi;

/** The text as a person would see it, and as a URL's recipient would, if that differs. */
function readings(text: string): string[] {
  const plain = simplify(text);
  const decoded = plain.replace(PERCENT_ENCODED_ASCII, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decoded === plain ? [plain] : [plain, decoded];
}

const PERCENT_ENCODED_ASCII = /%([2-7][0-9a-f])/gi;

/** Folds look-alikes: compatibility forms, foreign digits, dashes and spaces to ASCII; the invisible goes. */
function simplify(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return (
    text
      // Before normalising, which takes quadratic time to sort long runs of combining marks.
      .replace(INVISIBLE, "")
      .normalize("NFKC")
      .replace(INVISIBLE, "")
      .replace(/[^\P{Nd}0-9]/gu, asciiDigit)
      .replace(/[\p{Pd}\u2212]/gu, "-")
      .replace(/\u3002/g, ".")
      .replace(/\s+/g, " ")
  );
}

/** Marks, format characters (zero-width ones, soft hyphens) and Hangul fillers. */
const INVISIBLE = /[\p{M}\p{Cf}\u115f\u1160\u3164\uffa0]/gu;

/** Unicode keeps the ten digits of a script together, so a digit's value is its distance from the first. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let first = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return String((code - first) % 10);
}

/** Looks around each `@`, rather than for a run of letters that might lead to one: that would be quadratic. */
function holdsEmail(text: string): boolean {
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
    const before = text[at - 1] ?? "";
    const after = text.slice(at + 1, at + 1 + MAX_DOMAIN);
    if (LOCAL_END.test(before) && DOMAIN.test(after) && !(before === "/" && isInUrl(text, at))) return true;
  }
  return false;
}

const MAX_DOMAIN = 254;
const MAX_URL = 2_048;

/** What can stand before an `@`: letters of any script (half of one, too), digits, RFC 5322's signs, a quote. */
const LOCAL_END = /[\p{L}\p{N}\p{Surrogate}!#$%&'*+/=?^_`{|}~".-]/u;

const DOMAIN = /^(?:(?:[\p{L}\p{N}][\p{L}\p{N}-]*\.)+\p{L}{2}|\[[0-9a-f.:]{3,45}\])/iu;

/** `https://example.com/@user.name` names an account on a site: the `/` belongs to the URL. */
function isInUrl(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - MAX_URL), at);
  return before.lastIndexOf("://") > before.lastIndexOf(" ");
}
