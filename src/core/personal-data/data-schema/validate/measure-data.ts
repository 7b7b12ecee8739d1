import { pointer } from "../../../protocol/json-pointer.ts";
import type { ErrorCollector } from "../check/error-collector.ts";
import { isStorable } from "../json.ts";
import { LIMITS } from "../size-limits.ts";

/** As many characters as cost about as much to check as one more value. */
const CHARACTERS_PER_VALUE = 256;

/**
 * How much there is to check, in values; adds a finding where data is nested too deeply to walk, or holds
 * text that is too long to match, or that can't be stored or sent on.
 */
export function measureData(data: unknown, basePath: string, findings: ErrorCollector): number {
  let size = 0;
  const visit = (value: unknown, path: string, depth: number): void => {
    size += 1;
    if (findings.full) return;
    if (typeof value === "string") {
      size += value.length / CHARACTERS_PER_VALUE;
      if (value.length > LIMITS.textLength) findings.add(path, "size", "This text is too long.");
      if (!isStorable(value)) findings.add(path, "unicode", "Text can't hold NUL or half a surrogate pair.");
    } else if (typeof value === "object" && value !== null) {
      if (depth === LIMITS.jsonDepth) return findings.add(path, "depth", "This is nested too deeply.");
      for (const [key, nested] of Object.entries(value)) visit(nested, pointer(path, key), depth + 1);
    }
  };
  visit(data, basePath, 0);
  return size;
}
