import { stemmer } from "@orama/stemmers/english";

const JAPANESE = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー々〆]/u;
const STARTS_WITH_KANJI = /^[\p{sc=Han}々]/u;

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

/**
 * The form in which a normalized word is compared: the stem of an English word; a Japanese word that starts with kanji
 * without the kana at its end (乗り → 乗); another one in hiragana, and without its last long vowel (サーバー → さーば).
 */
export function wordForm(word: string): string {
  if (!isJapanese(word)) return /^[a-z]+$/.test(word) ? stemmer(word) : word;
  if (STARTS_WITH_KANJI.test(word)) return word.replace(/(?<=[^\p{sc=Hiragana}])\p{sc=Hiragana}+$/u, "");
  return foldKana(word.length >= 4 ? word.replace(/ー$/, "") : word);
}

/** Katakana as hiragana, character by character: フリガナ and ふりがな are one word. */
export const foldKana = (text: string): string =>
  text.replace(/[ァ-ヶ]/g, (katakana) => String.fromCharCode(katakana.charCodeAt(0) - 0x60));

/** The kanji of a phrase, without the kana between them: those come and go (乗り換え, 乗換え, 乗換). */
export const withoutKana = (text: string): string => text.replace(/\p{sc=Hiragana}/gu, "");
