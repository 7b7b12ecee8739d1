import { foldLookAlikes } from "./normalize-text.ts";

/**
 * Building blocks for expressions that find a label and its value in a folded text. Every repetition has a bound, so
 * matching takes linear time. Flags: `iu`. A folded text holds no line break; one stands between unrelated parts.
 */

/** Scripts that write words without blanks between them, or join particles to a word. There, a label has no boundary. */
const UNBOUNDED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Arabic}\p{Script=Hebrew}]/u;

/** Letters of scripts with blanks between words: Latin, Greek, Cyrillic, Devanagari. Ranges are much faster than `\p{L}`. */
const ALPHABETIC = String.raw`A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u052f\u0900-\u097f\u1e00-\u1fff`;

/** One of these expressions, as whole words where the script has blanks between words. Foreign letters are folded. */
export function anyOf(expressions: readonly string[]): string {
  const folded = expressions.map(foldLookAlikes);
  const bounded = folded.filter((expression) => !UNBOUNDED.test(expression));
  const unbounded = folded.filter((expression) => UNBOUNDED.test(expression));
  const alternatives = [
    ...(bounded.length > 0
      ? [String.raw`(?<![${ALPHABETIC}\d])(?:${bounded.join("|")})(?![${ALPHABETIC}])`]
      : []),
    ...unbounded,
  ];
  return `(?:${alternatives.join("|")})`;
}

/** Words between a label and its value: "passport *number is* …", "マイナンバー*カードの番号*". */
const LINKS = anyOf([
  ...["number", "numbers", "no", "nr", "num", "nummer", "numer", "n", "№", "номер", "card", "id"],
  ...[
    "n[uú]mero",
    "is",
    "was",
    "to",
    "at",
    "on",
    "lautet",
    "ist",
    "am",
    "est",
    "le",
    "el",
    "es",
    "e",
    "é",
    "è",
  ],
  ...["il", "um", "em", "no", "dia", "the", "a", "in", "en", "aos?", "de", "den", "to", "это", "है"],
  ...["は", "が", "も", "の", "番号", "号码", "號碼", "是", "于", "於", "カード", "는", "은", "번호", "هو"],
]);
const SIGNS = String.raw`[^\p{L}\p{N}\n@+(]{0,4}`;

/** What may stand between a label and its value: "Birth date (Y-M-D): ", "番号は", `": "`. */
export const GAP = String.raw`(?:${SIGNS}${LINKS}){0,3}(?:${SIGNS}\([^()\n]{1,20}\))?${SIGNS}`;
