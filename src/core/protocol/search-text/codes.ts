/** Kinds of numbers and codes that tell what is looked for, and the topic that each means. In the order in which they are tried. */
const CODES: readonly { topic: string; pattern: RegExp }[] = [
  { topic: "email", pattern: /[\w.+-]+@[\w-]+\.[\w.-]+/g },
  { topic: "ipgeo", pattern: /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g },
  {
    topic: "domain",
    pattern:
      /(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:com|net|org|io|co|dev|app|ai|jp|uk|de|fr|eu|info|biz)(?![\w.-])/g,
  },
  // International bank account numbers: a country, two check digits, 11 to 30 letters and digits.
  {
    topic: "bank",
    pattern: /(?<![a-z0-9])[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?(?![a-z0-9])/g,
  },
  // Vehicle identification numbers: 17 letters and digits, without i, o and q.
  { topic: "vehicle", pattern: /(?<![a-z0-9])(?=[a-z]*\d)(?=\d*[a-z])[a-hj-npr-z0-9]{17}(?![a-z0-9])/g },
  { topic: "book", pattern: /(?<![\d-])97[89][- ]?(?:\d[- ]?){9}\d(?![\d-])/g },
  { topic: "barcode", pattern: /(?<![\d-])\d{12,13}(?![\d-])/g },
  // Flight numbers: an airline's two letters and two to four digits.
  { topic: "flight", pattern: /(?<![a-z0-9])[a-z]{2}\d{2,4}(?![a-z0-9])/g },
];

/** Numbers and codes in a normalized text. One character belongs to one code at most. */
export function codesInText(text: string): { topic: string; start: number; end: number }[] {
  const found: { topic: string; start: number; end: number }[] = [];
  for (const { topic, pattern } of CODES)
    for (const match of text.matchAll(pattern)) {
      const [start, end] = [match.index, match.index + match[0].length];
      if (!found.some((code) => start < code.end && code.start < end)) found.push({ topic, start, end });
    }
  return found;
}
