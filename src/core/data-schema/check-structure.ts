import { isObject, isStorable, pointer, type JsonObject } from "./json.ts";
import { KEYWORDS, refusal } from "./keywords.ts";
import { LIMITS } from "./limits.ts";
import { resolve, type Schema } from "./schema.ts";
import type { Findings } from "./findings.ts";

/**
 * First look: is it JSON that can be stored, walked and sent at all? Everything after may recurse over it.
 * Adds findings for size, depth, numbers and strings that JSON or PostgreSQL can't hold, and `__proto__`.
 */
export function checkJson(schema: unknown, findings: Findings): void {
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
    if (key === "__proto__") findings.add(path, "properties", 'The name "__proto__" isn\'t allowed.');
  };

  visit(schema, "", 0);
  if (findings.errors.length > 0) return;
  if (budget < 0 || Buffer.byteLength(JSON.stringify(schema)) > LIMITS.schemaBytes) {
    findings.add("", "size", `A schema may take at most ${LIMITS.schemaBytes / 1024} KiB.`);
  }
}

/**
 * Second look, without context: only known keywords, each with a value of the right shape; patterns, formats
 * and references that work; not too many properties or patterns. What passes can be read as a `Schema`.
 */
export function checkStructure(schema: unknown, findings: Findings): schema is Schema {
  const definitions = isObject(schema) && isObject(schema["$defs"]) ? schema["$defs"] : {};
  const counts = { properties: 0, patterns: 0, parts: 0 };

  const visit = (node: unknown, path: string, holder: string): void => {
    if (typeof node === "boolean" && path !== "") return;
    if (!isObject(node)) return findings.add(path, holder, "Must be a schema: an object of keywords.");
    for (const [keyword, value] of Object.entries(node)) visitKeyword(keyword, value, pointer(path, keyword));
    checkCompany(node, path);
    checkPlace(node, path);
    count(node);
  };

  const visitKeyword = (keyword: string, value: unknown, path: string): void => {
    const rule = KEYWORDS.get(keyword);
    if (rule === undefined) return findings.add(path, keyword, refusal(keyword));
    if (rule.holds === "value") {
      const problem = rule.problem(value);
      if (problem !== undefined) findings.add(path, keyword, problem);
    } else if (rule.holds === "schema") {
      visit(value, path, keyword);
    } else if (rule.holds === "schema map" ? !isObject(value) : !Array.isArray(value) || value.length === 0) {
      findings.add(
        path,
        keyword,
        `Must be ${rule.holds === "schema map" ? "an object" : "a list"} of schemas.`,
      );
    } else {
      for (const [key, child] of Object.entries(value as object)) visit(child, pointer(path, key), keyword);
    }
  };

  const count = (node: JsonObject): void => {
    counts.properties += isObject(node["properties"]) ? Object.keys(node["properties"]).length : 0;
    counts.patterns += "pattern" in node ? 1 : 0;
    const dependents = isObject(node["dependentRequired"]) ? Object.values(node["dependentRequired"]) : [];
    const names = [node["required"], ...dependents].filter(Array.isArray);
    counts.parts += names.reduce((sum, list) => sum + list.length, 1);
  };

  /** Keywords that mean nothing, or something unexpected, without another one beside them. */
  const checkCompany = (node: object, path: string): void => {
    if ("if" in node && !("then" in node) && !("else" in node)) {
      findings.add(pointer(path, "if"), "if", '"if" needs "then" or "else" beside it.');
    }
    for (const branch of ["then", "else"]) {
      if (branch in node && !("if" in node)) {
        findings.add(pointer(path, branch), branch, `"${branch}" needs "if" beside it.`);
      }
    }
    if ("prefixItems" in node && !("items" in node)) {
      findings.add(path, "items", '"prefixItems" needs "items" beside it: false, or a schema for the rest.');
    }
  };

  /** `$schema` and `$defs` belong to the root, and references point into its `$defs`. */
  const checkPlace = (node: object, path: string): void => {
    for (const keyword of ["$schema", "$defs"]) {
      if (keyword in node && path !== "") {
        findings.add(pointer(path, keyword), keyword, `"${keyword}" is only allowed at the root.`);
      }
    }
    if (!("$ref" in node) || typeof node.$ref !== "string") return;
    if (resolve(definitions, node.$ref) === undefined) {
      const message = "References must be local and name an entry of the root's $defs: #/$defs/<name>.";
      findings.add(pointer(path, "$ref"), "$ref", message);
    }
  };

  visit(schema, "", "type");
  if (counts.properties > LIMITS.properties) {
    findings.add("", "properties", `A schema may define at most ${LIMITS.properties} properties.`);
  }
  if (counts.patterns > LIMITS.patterns) {
    findings.add("", "pattern", `A schema may have at most ${LIMITS.patterns} patterns.`);
  }
  if (counts.parts > LIMITS.parts) {
    const message = `A schema may have at most ${LIMITS.parts} subschemas and required names. Use enum for long lists.`;
    findings.add("", "size", message);
  }
  if (Object.keys(definitions).length > LIMITS.definitions) {
    findings.add("/$defs", "$defs", `A schema may have at most ${LIMITS.definitions} definitions.`);
  }
  for (const name of Object.keys(definitions)) {
    // Other names would need escaping in the reference, twice: as a pointer and as a fragment.
    if (!/^[\w.-]+$/.test(name)) {
      findings.add(
        pointer("/$defs", name),
        "$defs",
        "Name definitions with letters, digits, _ . and - only.",
      );
    }
  }
  return findings.errors.length === 0;
}
