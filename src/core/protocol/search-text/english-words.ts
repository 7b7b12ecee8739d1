import dictionary from "dictionary-en";

/** The base words of an English dictionary, in lower case. Its lines are words with the marks of their endings. */
const BASE_WORDS = new Set(
  Buffer.from(dictionary.dic)
    .toString("utf8")
    .split("\n")
    .map((line) => line.replace(/\/.*$/, "").toLowerCase()),
);

/** Endings of English words, and what stands in their place in the base word. */
const ENDINGS: readonly [RegExp, string][] = [
  [/s$/, ""],
  [/es$/, ""],
  [/ies$/, "y"],
  [/d$/, ""],
  [/ed$/, ""],
  [/ied$/, "y"],
  [/ing$/, ""],
  [/ing$/, "e"],
  [/(.)\1(ed|ing|er)$/, "$1"],
  [/r$/, ""],
  [/er$/, ""],
  [/ers$/, ""],
  [/ier$/, "y"],
  [/est$/, ""],
  [/iest$/, "y"],
  [/ly$/, ""],
  [/ily$/, "y"],
  [/ness$/, ""],
  [/able$/, ""],
  [/able$/, "e"],
];

/** Whether a word in lower case is an English word, and so isn't misspelt, even if no service has it. */
export const isEnglishWord = (word: string): boolean =>
  BASE_WORDS.has(word) ||
  ENDINGS.some(([ending, base]) => ending.test(word) && BASE_WORDS.has(word.replace(ending, base)));
