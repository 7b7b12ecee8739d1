import { pointer } from "../../../protocol/json-pointer.ts";
import { isObject, type JsonObject } from "../json.ts";
import { mapSubschemas, resolve, type Schema, type SubSchema } from "../schema.ts";
import { LIMITS } from "../size-limits.ts";
import type { ErrorCollector } from "./error-collector.ts";
import { refusal, ruleOf } from "./keywords.ts";

/**
 * Reads a schema keyword by keyword. Adds errors for unknown keywords, for values of the wrong shape, for
 * references without a target, and for too many parts.
 *
 * Returns a copy without annotations. If there were errors, the copy must not be used. Only the copy is
 * checked further, compiled and evaluated. So nothing in an annotation can act as a schema, a reference, a
 * pattern or an x-data-type. Ajv, for example, looks for `$id` and `$anchor` inside of unknown keywords.
 */
export function readKeywords(root: unknown, findings: ErrorCollector): SubSchema {
  const definitions = isObject(root) && isObject(root["$defs"]) ? root["$defs"] : {};
  const counts = { properties: 0, patterns: 0, marks: 0, parts: 0 };

  const readSchema = (node: unknown, path: string, holder: string): SubSchema => {
    if (typeof node === "boolean" && path !== "") return node;
    if (!isObject(node)) {
      findings.add(path, holder, "Must be a schema: an object of keywords.");
      return false;
    }
    const read = Object.entries(node).map(([keyword, value]): [string, unknown] => [
      keyword,
      readValue(keyword, value, pointer(path, keyword)),
    ]);
    checkNeighbours(node, path);
    checkPlace(node, path);
    countParts(node);
    const schema: Schema = Object.fromEntries(read.filter(([, value]) => value !== undefined));
    return schema;
  };

  /** The keyword's value for the copy, or undefined if the keyword is refused or ignored. */
  const readValue = (keyword: string, value: unknown, path: string): unknown => {
    const rule = ruleOf(keyword);
    const problem = rule === undefined ? refusal(keyword) : rule.problem(value);
    if (problem !== undefined) return findings.add(path, keyword, problem);
    if (rule?.holds !== undefined)
      return mapSubschemas(rule.holds, value, (part, ...tokens) =>
        readSchema(part, pointer(path, ...tokens), keyword),
      );
    return rule?.isIgnored?.(value) === true ? undefined : value;
  };

  /** Some keywords mean nothing, or something unexpected, without another keyword beside them. */
  const checkNeighbours = (node: object, path: string): void => {
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

  /** `$schema` and `$defs` belong to the root. References point into the root's `$defs`. */
  const checkPlace = (node: JsonObject, path: string): void => {
    for (const keyword of ["$schema", "$defs"]) {
      if (keyword in node && path !== "") {
        findings.add(pointer(path, keyword), keyword, `"${keyword}" is only allowed at the root.`);
      }
    }
    const { $ref } = node;
    if (typeof $ref === "string" && resolve(definitions, $ref) === undefined) {
      const message = "References must be local and name an entry of the root's $defs: #/$defs/<name>.";
      findings.add(pointer(path, "$ref"), "$ref", message);
    }
  };

  const countParts = (node: JsonObject): void => {
    const { properties, required, dependentRequired } = node;
    const dependents = isObject(dependentRequired) ? Object.values(dependentRequired) : [];
    counts.properties += isObject(properties) ? Object.keys(properties).length : 0;
    counts.patterns += "pattern" in node ? 1 : 0;
    counts.marks += "x-data-type" in node ? 1 : 0;
    counts.parts += [required, ...dependents].reduce<number>(
      (sum, names) => sum + (Array.isArray(names) ? names.length : 0),
      1,
    );
  };

  const copy = readSchema(root, "", "type");
  const definitionNames = Object.keys(definitions);
  for (const [path, keyword, found, most, what] of [
    ["", "properties", counts.properties, LIMITS.properties, "properties"],
    ["", "pattern", counts.patterns, LIMITS.patterns, "patterns"],
    ["", "x-data-type", counts.marks, LIMITS.marks, "subschemas with an x-data-type"],
    ["", "size", counts.parts, LIMITS.parts, "subschemas and required names. Use enum for long lists"],
    ["/$defs", "$defs", definitionNames.length, LIMITS.definitions, "definitions"],
  ] as const) {
    if (found > most) findings.add(path, keyword, `A schema may have at most ${most} ${what}.`);
  }
  for (const name of definitionNames.filter((key) => !DEFINITION_NAME.test(key))) {
    findings.add(pointer("/$defs", name), "$defs", "Use only letters, digits, _ . and - in this name.");
  }
  return copy;
}

/** In a reference, other characters would be escaped twice: in the pointer and in the URI fragment. */
const DEFINITION_NAME = /^[\w.-]+$/;
