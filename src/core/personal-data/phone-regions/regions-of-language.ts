import type { PhoneRegion } from "../../protocol/phone-regions.ts";

/** Languages that their script tells, and where most people who write them live. Kana come before Han: Japanese has both. */
const SCRIPTS: readonly { script: RegExp; regions: readonly PhoneRegion[] }[] = [
  { script: /[\p{Script=Hiragana}\p{Script=Katakana}]/u, regions: ["JP"] },
  { script: /\p{Script=Hangul}/u, regions: ["KR"] },
  { script: /\p{Script=Han}/u, regions: ["CN", "TW", "HK"] },
  { script: /\p{Script=Devanagari}/u, regions: ["IN"] },
  { script: /\p{Script=Thai}/u, regions: ["TH"] },
  { script: /\p{Script=Hebrew}/u, regions: ["IL"] },
  { script: /\p{Script=Greek}/u, regions: ["GR"] },
  { script: /\p{Script=Cyrillic}/u, regions: ["RU", "UA"] },
  { script: /\p{Script=Arabic}/u, regions: ["EG", "SA", "AE"] },
];

/** Frequent short words of languages in Latin letters. English says nothing about the region. */
const WORDS: readonly { words: ReadonlySet<string>; regions: readonly PhoneRegion[] }[] = [
  {
    words: new Set(["der", "die", "das", "und", "ist", "nicht", "sie", "wir", "für", "mit", "wie"]),
    regions: ["DE", "AT", "CH"],
  },
  {
    words: new Set(["le", "les", "des", "et", "est", "vous", "votre", "pour", "une", "quelle"]),
    regions: ["FR", "BE", "CH"],
  },
  {
    words: new Set(["el", "los", "las", "y", "es", "usted", "para", "una", "qué", "su"]),
    regions: ["ES", "MX", "AR", "CO"],
  },
  {
    words: new Set(["o", "os", "as", "e", "é", "você", "para", "uma", "qual", "seu", "não"]),
    regions: ["PT", "BR"],
  },
  { words: new Set(["il", "gli", "di", "e", "è", "che", "per", "una", "quale", "non"]), regions: ["IT"] },
  {
    words: new Set(["het", "een", "en", "van", "is", "u", "uw", "voor", "niet", "welke"]),
    regions: ["NL", "BE"],
  },
  { words: new Set(["i", "w", "na", "nie", "jest", "dla", "czy", "się", "jak", "twój"]), regions: ["PL"] },
];
/** So many of them have to be there, and more than of any other language. */
const ENOUGH_WORDS = 3;

/** Where the language of these texts is spoken, or an empty list if they don't tell. */
export function regionsOfLanguage(texts: readonly string[]): readonly PhoneRegion[] {
  const text = texts.join("\n").normalize("NFKC");
  const byScript = SCRIPTS.find(({ script }) => script.test(text));
  if (byScript !== undefined) return byScript.regions;
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const counts = WORDS.map((language) => ({
    regions: language.regions,
    found: new Set(words.filter((word) => language.words.has(word))).size,
  })).sort((a, b) => b.found - a.found);
  const [most, next] = counts;
  return most !== undefined && most.found >= ENOUGH_WORDS && most.found > (next?.found ?? 0)
    ? most.regions
    : [];
}
