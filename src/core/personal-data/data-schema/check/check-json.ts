import { invisibleCharacterIn } from "../../../protocol/invisible-text.ts";
import { pointer } from "../../../protocol/json-pointer.ts";
import { isObject } from "../json.ts";
import { REFERENCE_FIELD } from "../schema.ts";
import { LIMITS } from "../size-limits.ts";
import type { ErrorCollector } from "./error-collector.ts";

/**
 * Checks that a schema is JSON which can be stored, sent, and walked by recursive functions. Annotations are
 * checked too. Adds errors for size, depth, names, and values that JSON or PostgreSQL can't hold.
 */
export function checkJson(schema: unknown, findings: ErrorCollector): void {
  let bytesLeft: number = LIMITS.schemaBytes;
  walkJson(schema, "", findings, (value, path) => {
    // Each value takes at least one byte. So this walk also ends for shared and circular JavaScript objects.
    bytesLeft -= 1;
    if (bytesLeft < 0) return false;
    if (typeof value === "number" && !Number.isFinite(value)) {
      findings.add(path, "number", "This number is too large.");
    } else if (!["string", "number", "boolean", "object"].includes(typeof value)) {
      findings.add(path, "json", "This isn't a JSON value.");
    } else if (isObject(value)) {
      for (const name of Object.keys(value)) checkName(name, pointer(path, name), findings);
    }
    return true;
  });
  if (findings.errors.length > 0) return;
  if (bytesLeft < 0 || Buffer.byteLength(JSON.stringify(schema)) > LIMITS.schemaBytes) {
    findings.add("", "size", `A schema may take at most ${LIMITS.schemaBytes / 1024} KiB.`);
  }
}

function checkName(name: string, path: string, findings: ErrorCollector): void {
  checkText(name, path, findings);
  // This name is refused everywhere, also in constants: data that has it is read as a reference to the vault.
  if (name === REFERENCE_FIELD)
    findings.add(
      path,
      "properties",
      `The name "${REFERENCE_FIELD}" is reserved for references to stored data.`,
    );
  if (name === "__proto__") findings.add(path, "properties", 'The name "__proto__" isn\'t allowed.');
}

/** Adds an error for each invisible character in a checked schema, also in a property's name. */
export function checkVisibleText(schema: unknown, findings: ErrorCollector): void {
  const check = (text: string, path: string): void => {
    const character = invisibleCharacterIn(text);
    if (character !== undefined)
      findings.add(path, "invisible", `Text must not hold invisible characters such as ${character}.`);
  };
  walkJson(schema, "", findings, (value, path) => {
    if (typeof value === "string") check(value, path);
    if (isObject(value)) for (const name of Object.keys(value)) check(name, path);
    return true;
  });
}

/** A text of this many characters costs about as much to check as one more value. */
const CHARACTERS_PER_VALUE = 256;

/**
 * Returns how much data there is to check, in values. Adds errors for data nested too deeply to walk, and for
 * text that is too long to match or can't be stored.
 */
export function measureData(data: unknown, basePath: string, findings: ErrorCollector): number {
  let size = 0;
  walkJson(data, basePath, findings, (value, path) => {
    size += 1;
    if (typeof value !== "string") return true;
    size += value.length / CHARACTERS_PER_VALUE;
    if (value.length > LIMITS.textLength) findings.add(path, "size", "This text is too long.");
    return true;
  });
  return size;
}

/**
 * Calls `visit` for a value and everything inside it, until `visit` returns false or there are too many errors.
 * Adds errors for values nested too deeply and for text that can't be stored.
 */
function walkJson(
  root: unknown,
  rootPath: string,
  findings: ErrorCollector,
  visit: (value: unknown, path: string) => boolean,
): void {
  const walk = (value: unknown, path: string, depth: number): void => {
    if (findings.full || !visit(value, path)) return;
    if (depth > LIMITS.jsonDepth) return findings.add(path, "depth", "This is nested too deeply.");
    if (typeof value === "string") checkText(value, path, findings);
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) walk(inner, pointer(path, key), depth + 1);
  };
  walk(root, rootPath, 0);
}

/** PostgreSQL's jsonb can't store NUL, and UTF-8 can't encode half a surrogate pair. */
function checkText(text: string, path: string, findings: ErrorCollector): void {
  if (/[\0\p{Surrogate}]/u.test(text))
    findings.add(path, "unicode", "Text can't hold NUL or half a surrogate pair.");
}
