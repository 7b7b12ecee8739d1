import { randomUUID } from "node:crypto";
import { compareNumber, splitNumber } from "lossless-json";
import { pointer } from "./json-pointer.ts";

/** `toPrecision` writes no more digits. */
const MAX_DIGITS = 100;

/** A text, or a number that may be inexact. Other numbers are passed over, which is most of the work. */
const TEXT_OR_NUMBER =
  /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.]{15,}(?:[eE][+-]?\d+)?|-?\d[\d.]{0,14}[eE][+-]?\d+/g;

/** Stands in the place of an inexact number. No caller can send it. */
const INEXACT = randomUUID();

/** A path is as long as its place is deep. So a body of 256 KB could have an answer of 250 MB without these limits. */
const MOST_FOUND = 100;
/** Requests that nest deeper are refused anyway, and answers stay text. */
const MAX_DEPTH = 200;

/** A value inside a JSON value, linked to the value that holds it. */
interface Place {
  value: unknown;
  key: string;
  parent: Place | undefined;
  depth: number;
}

/**
 * Finds the numbers of a JSON text that JavaScript would change, because a double can't hold them, such as
 * 9007199254740993, which becomes 9007199254740992. Callers without a credential send such texts, so it takes little time.
 * @param json a text that `JSON.parse` accepts
 * @returns a JSON Pointer to each of the first 100, in the order of the text. Those nested deeper than 200 levels are left out
 */
export function findInexactNumbers(json: string): string[] {
  if (!mayHoldInexact(json)) return [];
  let found = 0;
  const marked = json.replace(TEXT_OR_NUMBER, (token) => {
    if (found >= MOST_FOUND || token.startsWith('"') || isExact(token)) return token;
    found += 1;
    return `"${INEXACT}"`;
  });
  return marked === json ? [] : placesOf(JSON.parse(marked));
}

/** Fewer digits fit into a double. */
const MANY_DIGITS = 16;
const LONG_EXPONENT = /^[+-]?\d{3}/;
/** It may have a sign. */
const EXPONENT_CHARACTERS = 4;
const CODES = { zero: 48, nine: 57, dot: 46, smallE: 101, lowerCase: 32 };

/**
 * Whether a text has many digits in a row (dots may be between), or a long exponent: else it holds no inexact number. It is a loop
 * because a pattern takes twenty times as long, and large bodies of anybody are looked through.
 */
function mayHoldInexact(json: string): boolean {
  let digits = 0;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code >= CODES.zero && code <= CODES.nine) digits += 1;
    else if (code !== CODES.dot) digits = 0;
    if (digits === MANY_DIGITS) return true;
    const isE = (code | CODES.lowerCase) === CODES.smallE;
    if (isE && LONG_EXPONENT.test(json.slice(at + 1, at + 1 + EXPONENT_CHARACTERS))) return true;
  }
  return false;
}

/** Where inexact numbers stood. Needs no stack, so the depth doesn't matter. */
function placesOf(root: unknown): string[] {
  const found: string[] = [];
  const pending: Place[] = [{ value: root, key: "", parent: undefined, depth: 0 }];
  for (let place = pending.pop(); place !== undefined && found.length < MOST_FOUND; place = pending.pop()) {
    const { value, depth } = place;
    if (value === INEXACT) found.push(pointerTo(place));
    if (typeof value !== "object" || value === null || depth >= MAX_DEPTH) continue;
    // Backwards, so that the first one is the next one.
    for (const [key, inner] of Object.entries(value).reverse())
      if (inner === INEXACT || typeof inner === "object")
        pending.push({ value: inner, key, parent: place, depth: depth + 1 });
  }
  return found;
}

function pointerTo(place: Place): string {
  const path: string[] = [];
  for (let current = place; current.parent !== undefined; current = current.parent) path.push(current.key);
  return pointer("", ...path.reverse());
}

/** Whether the double nearest to this number, written with as many digits, is this number. */
function isExact(text: string): boolean {
  const number = Number(text);
  // Most numbers are written as JavaScript writes them. The rest takes a hundred times as long.
  if (String(number) === text) return true;
  const digits = splitNumber(text).digits.length;
  if (!Number.isFinite(number) || digits > MAX_DIGITS) return false;
  return compareNumber(text, number.toPrecision(digits)) === 0;
}
