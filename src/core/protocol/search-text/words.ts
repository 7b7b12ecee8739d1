import { LRUCache } from "lru-cache";
import { isJapanese, wordForm } from "./normal-form.ts";
import { STOP_WORDS, WEAK_WORDS } from "./stop-words.ts";

/** A word of a normalized text. */
export interface Word {
  /** As it stands in the text. */
  text: string;
  /** The form in which it is compared. */
  form: string;
  /** Where it starts and ends in the text, in UTF-16 code units. */
  start: number;
  end: number;
  /** Carries no wish, and is left out. */
  isStop: boolean;
  /** Says little about what is wanted. */
  isWeak: boolean;
}

const WORD = /[a-z0-9]+|[\p{L}\p{N}]+/gu;
const WORD_OF_ONE_SCRIPT = /[a-z0-9]+|[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー々〆]+|[\p{L}\p{N}]+/gu;
const SHORT_HIRAGANA = /^\p{sc=Hiragana}{1,3}$/u;
const HIRAGANA_OR_NUMBER = /^\p{sc=Hiragana}+$|^[0-9]+$/u;

const japaneseWords = new Intl.Segmenter("ja", { granularity: "word" });

/** The words of a normalized text. Japanese has no blanks between words, so `Intl.Segmenter` finds them. */
export function wordsOf(text: string): Word[] {
  // The segmenter takes ten times as long as a regular expression, and only Japanese needs it.
  if (!isJapanese(text)) return [...text.matchAll(WORD)].map((match) => toWord(match[0], match.index));
  return [...japaneseWords.segment(text)].flatMap(({ segment, index, isWordLike }) =>
    isWordLike === true
      ? // It keeps "3.5" and some Latin letters beside kana together.
        [...segment.matchAll(WORD_OF_ONE_SCRIPT)].map((match) => toWord(match[0], index + match.index))
      : [],
  );
}

/** What a word is, wherever it stands. Most words of a text were seen before. */
const known = new LRUCache<string, Pick<Word, "form" | "isStop" | "isWeak">>({ max: 20_000 });

function toWord(text: string, start: number): Word {
  let word = known.get(text);
  if (word === undefined) {
    word = describeWord(text);
    known.set(text, word);
  }
  return { text, start, end: start + text.length, form: word.form, isStop: word.isStop, isWeak: word.isWeak };
}

function describeWord(text: string): Pick<Word, "form" | "isStop" | "isWeak"> {
  const form = wordForm(text);
  return {
    form,
    // Up to three hiragana are grammar, and one Latin letter is a rest of something like "don't".
    isStop: STOP_WORDS.has(text) || SHORT_HIRAGANA.test(text) || /^[a-z]$/.test(text),
    isWeak: WEAK_WORDS.has(text) || WEAK_WORDS.has(form) || HIRAGANA_OR_NUMBER.test(text),
  };
}
