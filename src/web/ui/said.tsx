/** Somebody else's text: controls, text direction, zero widths and private use have no place in a sentence of ours. */
const UNSEEN = /\p{C}|\p{Default_Ignorable_Code_Point}|[\u2028\u2029]/gu;
/** Marks that stack on one letter and paint over the lines around it. */
const STACKED_MARKS = /(\p{M}{2})\p{M}+/gu;

/**
 * A foreign text as it may stand inside one of our sentences: one line, without what people don't see, cut at `max`
 * characters.
 */
export function said(text: string, max = 80): string {
  const line = text.slice(0, 8 * max).replace(/\s+/gu, " ");
  const shown = Array.from(line.replace(UNSEEN, "").replace(STACKED_MARKS, "$1").trim());
  return shown.length > max ? `${shown.slice(0, max - 1).join("")}…` : shown.join("");
}

/** The same, isolated from the direction of the text around it. */
export const Said = ({ text, max = 80 }: { text: string; max?: number }) => <bdi>{said(text, max)}</bdi>;

/** A word of the wire, such as `data_provision`, as people write it. */
export const spaced = (name: string): string => said(name.replace(/[_-]+/g, " "), 40);
