/** Reads a JSON object that somebody typed. Undefined: it is none. */
export function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

export const writeJson = (value: unknown): string => JSON.stringify(value, null, 2);

const HEADER = /^([A-Za-z0-9!#$%&'*+.^_`|~-]{1,64})\s*:\s*(.*)$/;

/** Reads headers, one a line. Undefined: a line is none. */
export function readHeaders(text: string): Record<string, string> | undefined {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const headers = lines.map((line) => HEADER.exec(line));
  return headers.every((found) => found !== null)
    ? Object.fromEntries(headers.map(([, name = "", value = ""]) => [name, value]))
    : undefined;
}

/** Reads an amount in cents. Undefined: it is none. */
export function readCents(text: string): number | undefined {
  const cents = Number(text.trim().replace(",", "."));
  return text.trim() === "" || !Number.isFinite(cents) || cents < 0 ? undefined : cents;
}

/** Words with commas between them. */
export const readWords = (text: string): string[] =>
  text
    .split(/[,、\n]/)
    .map((word) => word.trim())
    .filter((word) => word !== "");
