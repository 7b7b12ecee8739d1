/** Characters before and after a digit that can belong to the same number, date or address, or to its label. */
const BEFORE = 80;
const AFTER = 80;

/**
 * Returns the parts of the text that are near a digit, one on each line. Most texts have few digits, and a text without
 * digits needs no search for numbers, dates and addresses. A part begins and ends between words where it can.
 */
export function digitNeighbourhoods(text: string): string {
  if (!/\d/.test(text)) return "";
  const parts: string[] = [];
  let start = -1;
  let end = -1;
  for (const { 0: digits, index } of text.matchAll(/\d+/g)) {
    const last = index + digits.length;
    if (end === -1 || index - BEFORE > end) {
      if (end !== -1) parts.push(text.slice(start, end));
      start = wordStart(text, Math.max(0, index - BEFORE));
    }
    end = last + AFTER;
  }
  if (end !== -1) parts.push(text.slice(start, end));
  return parts.join("\n");
}

/** The beginning of the first word from here on; but at most a few characters from here. */
function wordStart(text: string, from: number): number {
  if (from === 0) return 0;
  const blank = text.slice(from, from + 20).search(/[\s、。，：]/);
  return blank === -1 ? from : from + blank;
}
