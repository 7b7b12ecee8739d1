import { compareTexts, inOrder } from "../in-order.ts";
import { isEnglishWord } from "./english-words.ts";
import { normalize } from "./normal-form.ts";
import { STOP_WORDS, WEAK_WORDS } from "./stop-words.ts";

const ENGLISH_WORD = /(?<![\p{L}\p{N}])[a-z]{4,}(?![\p{L}\p{N}])/gu;
const SHORTEST_CORRECTED = 5;
const SHORTEST_PIECE = { first: 2, second: 3 };
/** From so many letters on, two mistakes are corrected, and else one. */
const LONG_WORD = 10;
/** From so many letters on, the first letter may be wrong too, if the last one is right. */
const FIRST_LETTER_FROM = 8;

/** The words of a search that may be misspelt: neither English words nor names. */
export function wordsToSpell(text: string): string[] {
  const names = namesIn(text);
  const words = normalize(text).match(ENGLISH_WORD) ?? [];
  return [...new Set(words)].filter(
    (word) => !STOP_WORDS.has(word) && !WEAK_WORDS.has(word) && !isEnglishWord(word) && !names.has(word),
  );
}

/** Words with a capital letter, in a text that writes others without: mostly names. The first word says nothing. */
function namesIn(text: string): Set<string> {
  const words = text.normalize("NFKC").match(/\p{L}+/gu) ?? [];
  const others = words.slice(1);
  const isCapitalized = (word: string): boolean => /^\p{Lu}/u.test(word);
  return others.every(isCapitalized) ? new Set() : new Set(others.filter(isCapitalized).map(normalize));
}

/** The ways to cut a word in two, as in "exchangerate". */
export const cutsOf = (word: string): [string, string][] =>
  Array.from(
    { length: Math.max(0, word.length - SHORTEST_PIECE.first - SHORTEST_PIECE.second + 1) },
    (_, index) => {
      const at = index + SHORTEST_PIECE.first;
      return [word.slice(0, at), word.slice(at)];
    },
  );

/**
 * The text with each of the misspelt words cut in two known words, or replaced by the known word that is spelt most alike. Each
 * takes milliseconds, so the caller bounds how many there are; a word that is repeated is looked for once.
 * @param isKnown whether the catalogue or the thesaurus has the word
 * @param similar known words that are spelt somewhat like it
 */
export function correctSpelling(
  text: string,
  misspelt: ReadonlySet<string>,
  isKnown: (word: string) => boolean,
  similar: (word: string) => readonly string[],
): string {
  const corrected = new Map<string, string>();
  return normalize(text).replace(ENGLISH_WORD, (word) => {
    if (!misspelt.has(word)) return word;
    let found = corrected.get(word);
    if (found === undefined) {
      const cut = cutsOf(word).find(([first, second]) => isKnown(first) && isKnown(second));
      found = cut?.join(" ") ?? mostAlike(word, similar(word)) ?? word;
      corrected.set(word, found);
    }
    return found;
  });
}

function mostAlike(word: string, candidates: readonly string[]): string | undefined {
  if (word.length < SHORTEST_CORRECTED) return undefined;
  const most = word.length >= LONG_WORD ? 2 : 1;
  const [best] = candidates
    .filter((candidate) => Math.abs(candidate.length - word.length) <= most)
    .filter(
      (candidate) =>
        candidate[0] === word[0] ||
        (candidate.length >= FIRST_LETTER_FROM && candidate.at(-1) === word.at(-1)),
    )
    .map((candidate) => ({ candidate, edits: countEdits(word, candidate) }))
    .filter(({ edits }) => edits <= most)
    .sort(
      inOrder(
        (a, b) => a.edits - b.edits,
        (a, b) => a.candidate.length - b.candidate.length,
        (a, b) => compareTexts(a.candidate, b.candidate),
      ),
    );
  return best?.candidate;
}

/**
 * How many letters have to be changed, added, left out or swapped with their neighbour (Damerau-Levenshtein distance, in which no
 * part is edited twice).
 */
export function countEdits(a: string, b: string): number {
  const distances = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)]);
  const at = (i: number, j: number): number => distances[i]?.[j] ?? j;
  for (let j = 0; j <= b.length; j += 1) set(0, j, j);
  for (let j = 1; j <= b.length; j += 1)
    for (let i = 1; i <= a.length; i += 1) {
      const changed = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      set(
        i,
        j,
        Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, changed, isSwap ? at(i - 2, j - 2) + 1 : Infinity),
      );
    }
  return at(a.length, b.length);

  function set(i: number, j: number, distance: number): void {
    const row = distances[i];
    if (row !== undefined) row[j] = distance;
  }
}
