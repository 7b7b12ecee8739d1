/**
 * Characters that people don't see and programs read: controls, text direction, zero widths, tags, fillers, private use.
 * Orders to an agent can be hidden in them. Line breaks and tabs are visible. So are what joins letters and emoji, and
 * what chooses an emoji's form, where they stand alone between or after visible characters.
 */
const INVISIBLE =
  /(?![\n\t\u200C\u200D\uFE0E\uFE0F])[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029]|(?<![\p{L}\p{M}\p{Emoji}\uFE0F])[\u200C\u200D]|[\u200C\u200D](?![\p{L}\p{M}\p{Emoji}])|(?<!\p{Emoji})[\uFE0E\uFE0F]/u;

/** All of them, also where they join visible characters. Line breaks and tabs stay. */
const ANY_INVISIBLE = /(?![\n\t])[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu;

/** A text of somebody who couldn't be refused, such as an upstream, without the characters that people don't see. */
export const withoutInvisible = (text: string): string => text.replace(ANY_INVISIBLE, "");

/**
 * Returns the first invisible character as in `U+202E`, or undefined if there is none.
 */
export function invisibleCharacterIn(text: string): string | undefined {
  const found = INVISIBLE.exec(text)?.[0].codePointAt(0);
  return found === undefined ? undefined : `U+${found.toString(16).toUpperCase().padStart(4, "0")}`;
}
