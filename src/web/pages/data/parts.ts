/** A text of a stored value: the whole of it, or a part, such as an address's city. */
interface Part {
  /** Empty: the whole value. */
  name: string;
  text: string;
}

export const WHOLE: Part = { name: "", text: "" };

/**
 * What of a stored value can be changed in text fields. Undefined for a value with parts of parts, which a text would flatten: it
 * can be removed, and stored anew.
 */
export function partsOf(value: unknown): Part[] | undefined {
  if (typeof value === "string") return [{ ...WHOLE, text: value }];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const parts = Object.entries(value).map(([name, text]: [string, unknown]) => ({ name, text }));
  const areTexts = parts.every((part): part is Part => typeof part.text === "string" && part.name !== "");
  return areTexts && parts.length > 0 ? parts : undefined;
}

/** The value that the parts make, as it had them. Empty parts go. Undefined if all are empty. */
export function joinParts(parts: Part[]): string | Record<string, string> | undefined {
  const filled = parts
    .map(({ name, text }) => ({ name, text: text.trim() }))
    .filter(({ text }) => text !== "");
  const [first] = filled;
  if (first === undefined) return undefined;
  return first.name === "" ? first.text : Object.fromEntries(filled.map(({ name, text }) => [name, text]));
}
