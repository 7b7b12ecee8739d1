import { stemmer } from "@orama/stemmers/english";
import { LRUCache } from "lru-cache";

const JAPANESE = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー々〆]/u;
const STARTS_WITH_KANJI = /^[\p{sc=Han}々]/u;
const MOST_STEMS = 20_000;

export const isJapanese = (text: string): boolean => JAPANESE.test(text);

/**
 * One form for the ways to write a text: width, case, accents of Latin letters, kinds of apostrophes and hyphens.
 * @example normalize("Ｃａｆé") // "cafe"
 */
export const normalize = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFD")
    // Only the accents of Latin, Greek and Cyrillic letters. The marks of voiced kana (が) have other code points.
    .replace(/[\u0300-\u036f]/g, "")
    .normalize("NFC")
    .replace(/[’`]/g, "'")
    .replace(/[‐-―−]/g, "-");

const stems = new LRUCache<string, string>({ max: MOST_STEMS });

function stem(word: string): string {
  let found = stems.get(word);
  if (found === undefined) {
    found = stemmer(word);
    stems.set(word, found);
  }
  return found;
}

/**
 * The form in which a normalized word is compared: the stem of an English word; a Japanese word that starts with kanji
 * without the kana at its end (乗り → 乗), and a long katakana word without its last long vowel (サーバー → サーバ).
 */
export function wordForm(word: string): string {
  if (!isJapanese(word)) return /^[a-z]+$/.test(word) ? stem(word) : word;
  if (STARTS_WITH_KANJI.test(word)) return word.replace(/(?<=[^\p{sc=Hiragana}])\p{sc=Hiragana}+$/u, "");
  return /^[\p{sc=Katakana}ー]{4,}$/u.test(word) ? word.replace(/ー$/, "") : word;
}

/** The kanji of a phrase, without the kana between them: those come and go (乗り換え, 乗換え, 乗換). */
export const withoutKana = (text: string): string => text.replace(/\p{sc=Hiragana}/gu, "");
