import { pointer } from "../../../protocol/json-pointer.ts";
import { isStorable } from "../json.ts";
import { REFERENCE_FIELD } from "../schema.ts";
import { LIMITS } from "../size-limits.ts";
import type { ErrorCollector } from "./error-collector.ts";

/**
 * First look: is it JSON that can be stored, walked and sent at all? Everything after may recurse over it.
 * Adds findings for size, depth, numbers and strings that JSON or PostgreSQL can't hold, and names that mean something else.
 */
export function checkJson(schema: unknown, findings: ErrorCollector): void {
  let budget: number = LIMITS.schemaBytes;

  const visit = (value: unknown, path: string, depth: number): void => {
    // A value takes at least one byte, so this ends on values that are shared or endless, too.
    if (--budget < 0 || findings.full) return;
    if (depth > LIMITS.jsonDepth) return findings.add(path, "depth", "This is nested too deeply.");
    if (typeof value === "string") return checkText(value, path);
    if (value === null || typeof value === "boolean") return;
    if (typeof value === "number") {
      if (!Number.isFinite(value)) findings.add(path, "number", "This number is too large.");
      return;
    }
    if (typeof value !== "object") return findings.add(path, "json", "This isn't a JSON value.");
    for (const [key, nested] of Object.entries(value)) {
      if (!Array.isArray(value)) checkName(key, pointer(path, key));
      visit(nested, pointer(path, key), depth + 1);
    }
  };

  const checkText = (text: string, path: string): void => {
    if (!isStorable(text)) findings.add(path, "unicode", "Text can't hold NUL or half a surrogate pair.");
  };

  const checkName = (key: string, path: string): void => {
    checkText(key, path);
    // Wherever it stands, in a constant as well: it would make data ambiguous with what refers to a user's vault.
    if (key === REFERENCE_FIELD)
      findings.add(
        path,
        "properties",
        `The name "${REFERENCE_FIELD}" is taken by references to stored data.`,
      );
    if (key === "__proto__") findings.add(path, "properties", 'The name "__proto__" isn\'t allowed.');
  };

  visit(schema, "", 0);
  if (findings.errors.length > 0) return;
  if (budget < 0 || Buffer.byteLength(JSON.stringify(schema)) > LIMITS.schemaBytes) {
    findings.add("", "size", `A schema may take at most ${LIMITS.schemaBytes / 1024} KiB.`);
  }
}
