import { compareNumber, parse, splitNumber } from "lossless-json";
import { pointer } from "./json-pointer.ts";

/** Texts without 16 digits in a row (a dot may be between) and without a long exponent hold no such number. */
const MAY_BE_INEXACT = /\d(?:\.?\d){15}|[eE][+-]?\d{3}/;

/** `toPrecision` writes no more digits. */
const MAX_DIGITS = 100;

/**
 * Finds the numbers of a JSON text that JavaScript would change, because a double can't hold them, such as
 * 9007199254740993, which becomes 9007199254740992.
 * @param json a text that `JSON.parse` accepts
 * @returns a JSON Pointer to each, in the order of the text
 */
export function findInexactNumbers(json: string): string[] {
  if (!MAY_BE_INEXACT.test(json)) return [];
  const value = parse(json, null, {
    parseNumber: (digits) => (isExact(digits) ? 0 : INEXACT),
    onDuplicateKey: ({ newValue }) => newValue, // as `JSON.parse` does
  });
  const found: string[] = [];
  const visit = (current: unknown, path: string): void => {
    if (current === INEXACT) found.push(path);
    else if (typeof current === "object" && current !== null)
      for (const [key, nested] of Object.entries(current)) visit(nested, pointer(path, key));
  };
  visit(value, "");
  return found;
}

const INEXACT = Symbol("a number that a double can't hold");

/** Whether the double nearest to this number, written with as many digits, is this number. */
function isExact(text: string): boolean {
  const number = Number(text);
  const digits = splitNumber(text).digits.length;
  if (!Number.isFinite(number) || digits > MAX_DIGITS) return false;
  return compareNumber(text, number.toPrecision(digits)) === 0;
}
