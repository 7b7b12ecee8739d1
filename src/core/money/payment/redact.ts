import { withoutInvisible } from "../../protocol/invisible-text.ts";

/** Shorter values are only taken out as whole words: a region such as PT is part of many words. */
const MIN_INSIDE_WORDS = 4;
/** A part of a header's value, such as the key after `Bearer`. Shorter parts are ordinary words. */
const MIN_PART = 8;

const STAND_IN = "[removed]";

/**
 * Takes values out of a text.
 * @param most how many characters of the result are needed. The rest of the text isn't looked through
 */
export type Redact = (text: string, most?: number) => string;

/**
 * Makes a function that takes values out of an upstream's texts that only the upstream may see, and parts of them, in any
 * case. A sponsor may set thousands of parts, and anybody can make a service refuse a call. So they are looked up in a
 * sorted list, and not one after the other at each character.
 */
export function redactorOf(confidential: readonly string[]): Redact {
  const values = findableFormsOf(confidential);
  if (values.length === 0) return (text) => text;
  const prefixes = prefixesIn(values);
  const longest = values.reduce((length, value) => Math.max(length, value.length), 0);

  /** The length of the longest value that begins at this place. 0: none does. */
  const lengthAt = (text: string, folded: string, place: number): number => {
    const rest = folded.slice(place, place + longest);
    let found = lastUpTo(values, rest);
    while (found >= 0) {
      const { length } = values[found] ?? "";
      if (rest.startsWith(values[found] ?? "") && isWhole(text, place, length)) return length;
      found = prefixes[found] ?? -1;
    }
    return 0;
  };

  return (text, most = Infinity) => {
    const folded = foldCase(text);
    let redacted = "";
    let kept = 0;
    let place = 0;
    while (place < text.length && redacted.length + place - kept < most) {
      const length = lengthAt(text, folded, place);
      if (length > 0) {
        redacted += text.slice(kept, place) + STAND_IN;
        kept = place + length;
      }
      place += Math.max(length, 1);
    }
    return redacted + text.slice(kept, place);
  };
}

/** The forms in which values and their parts can stand in a text, in one case, sorted. */
function findableFormsOf(confidential: readonly string[]): string[] {
  const forms = confidential
    .flatMap((value) => [value, ...value.split(/[\s,;=]+/).filter((part) => part.length >= MIN_PART)])
    .flatMap((value) => [
      withoutInvisible(value),
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value),
    ])
    .filter((value) => value.trim() !== "")
    .map(foldCase);
  return [...new Set(forms)].sort();
}

/**
 * For each text of a sorted list, the index of the longest other text in it that it begins with. -1: there is none. Texts
 * that begin with one stand right behind it.
 */
function prefixesIn(sorted: readonly string[]): number[] {
  const prefixes: number[] = [];
  const open: number[] = [];
  for (const [index, text] of sorted.entries()) {
    while (open.length > 0 && !text.startsWith(sorted[open.at(-1) ?? 0] ?? "")) open.pop();
    prefixes.push(open.at(-1) ?? -1);
    open.push(index);
  }
  return prefixes;
}

/** The index of the last text of a sorted list that isn't behind this one. -1: all are. Whatever this one begins with is a prefix of it. */
function lastUpTo(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? "") <= text) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const ENDS_IN_WORD = /[\p{L}\p{N}]$/u;
const BEGINS_WITH_WORD = /^[\p{L}\p{N}]/u;

function isWhole(text: string, place: number, length: number): boolean {
  if (length >= MIN_INSIDE_WORDS) return true;
  const end = place + length;
  return (
    !ENDS_IN_WORD.test(text.slice(Math.max(place - 2, 0), place)) &&
    !BEGINS_WITH_WORD.test(text.slice(end, end + 2))
  );
}

/** Texts that differ in case only become the same. The length stays: a character whose other case is longer stays as it is. */
function foldCase(text: string): string {
  if (/^\p{ASCII}*$/u.test(text)) return text.toLowerCase();
  return text.replace(/./gsu, (character) => {
    const folded = character.toUpperCase().toLowerCase();
    return folded.length === character.length ? folded : character;
  });
}
