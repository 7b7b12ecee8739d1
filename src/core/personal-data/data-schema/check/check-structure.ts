import { pointer } from "../../../protocol/json-pointer.ts";
import { isObject, type JsonObject } from "../json.ts";
import { resolve, type Schema } from "../schema.ts";
import { LIMITS } from "../size-limits.ts";
import type { ErrorCollector } from "./error-collector.ts";
import { KEYWORDS, refusal } from "./keywords.ts";

/**
 * Second look, without context: only known keywords, each with a value of the right shape; patterns, formats
 * and references that work; not too many properties or patterns. What passes can be read as a `Schema`.
 */
export function checkStructure(schema: unknown, findings: ErrorCollector): schema is Schema {
  const definitions = isObject(schema) && isObject(schema["$defs"]) ? schema["$defs"] : {};
  const counts = { properties: 0, patterns: 0, parts: 0, marks: 0 };

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
    } else if (rule.holds === "schema map") {
      if (isObject(value)) visitAll(value, path, keyword);
      else findings.add(path, keyword, "Must be an object of schemas.");
    } else if (Array.isArray(value) && value.length > 0) {
      visitAll(value, path, keyword);
    } else {
      findings.add(path, keyword, "Must be a list of at least one schema.");
    }
  };

  const visitAll = (children: object, path: string, keyword: string): void => {
    for (const [key, child] of Object.entries(children)) visit(child, pointer(path, key), keyword);
  };

  const count = (node: JsonObject): void => {
    counts.properties += isObject(node["properties"]) ? Object.keys(node["properties"]).length : 0;
    counts.patterns += "pattern" in node ? 1 : 0;
    counts.marks += "x-data-type" in node ? 1 : 0;
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

  const checkCounts = (): void => {
    const definitionCount = Object.keys(definitions).length;
    if (counts.properties > LIMITS.properties) {
      findings.add("", "properties", `A schema may define at most ${LIMITS.properties} properties.`);
    }
    if (counts.patterns > LIMITS.patterns) {
      findings.add("", "pattern", `A schema may have at most ${LIMITS.patterns} patterns.`);
    }
    if (counts.marks > LIMITS.marks) {
      findings.add(
        "",
        "x-data-type",
        `A schema may mark at most ${LIMITS.marks} subschemas as personal data.`,
      );
    }
    if (counts.parts > LIMITS.parts) {
      const message = `A schema may have at most ${LIMITS.parts} subschemas and required names.`;
      findings.add("", "size", `${message} Use enum for long lists.`);
    }
    if (definitionCount > LIMITS.definitions) {
      findings.add("/$defs", "$defs", `A schema may have at most ${LIMITS.definitions} definitions.`);
    }
  };

  visit(schema, "", "type");
  checkCounts();
  for (const name of Object.keys(definitions)) {
    if (DEFINITION_NAME.test(name)) continue;
    findings.add(pointer("/$defs", name), "$defs", "Use only letters, digits, _ . and - in this name.");
  }
  return findings.errors.length === 0;
}

/** Other names would need escaping in references, twice: as a pointer and as a fragment. */
const DEFINITION_NAME = /^[\w.-]+$/;
