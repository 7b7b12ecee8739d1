import type { FieldError } from "../../../protocol/errors.ts";
import type { PhoneRegion } from "../../../protocol/phone-regions.ts";
import { LIMITS } from "../size-limits.ts";
import { createValidator } from "./ajv-validator.ts";
import { checkCompleteness } from "./check-completeness.ts";
import { checkJson, checkVisibleText } from "./check-json.ts";
import { checkListedValues } from "./check-listed-values.ts";
import { checkReferences } from "./check-references.ts";
import { ErrorCollector } from "./error-collector.ts";
import { readKeywords } from "./read-keywords.ts";
import { SchemaGraph } from "./schema-graph.ts";

/**
 * Returns why a sponsor's schema can't be registered, or an empty list. Each path is a JSON Pointer into the
 * schema: to a keyword with a wrong value, or to the subschema where a keyword is missing.
 * @param regions whose national phone numbers no listed value may hold, besides the international ones
 */
export function checkSchema(schema: unknown, regions: readonly PhoneRegion[] = []): FieldError[] {
  const { graph, errors } = readSchema(schema, regions);
  if (graph === undefined || errors.length > 0) return errors;
  const invisible = checkVisible(schema);
  if (invisible.length > 0) return invisible;
  try {
    createValidator(graph.root);
    return [];
  } catch {
    // No known schema gets here. If one does, its sponsor gets the error now, and not agents later.
    return [{ path: "", keyword: "schema", message: "This schema can't be compiled." }];
  }
}

/**
 * Returns why a schema that only describes data can't be registered, or an empty list. It is never compiled. So it
 * may be open, be of any type, and leave values undescribed; what it may contain and refer to is bounded all the same.
 */
export function checkDescription(schema: unknown): FieldError[] {
  const { errors } = readGraph(schema);
  return errors.length > 0 ? errors : checkVisible(schema);
}

/** Refuses invisible characters in names, values and annotations. Not part of `readSchema`: older schemas may have some. */
function checkVisible(schema: unknown): FieldError[] {
  const findings = new ErrorCollector();
  checkVisibleText(schema, findings);
  return findings.errors;
}

/**
 * A schema without its annotations, ready to be compiled; and the reasons not to register it. A schema that only
 * lacks an x-data-type can be compiled: it may have been registered before a rule about that became stricter.
 */
interface SchemaReading {
  readonly graph: SchemaGraph | undefined;
  readonly errors: FieldError[];
}

/** Applies the rules of `checkSchema`. Each step relies on the steps before it. */
export function readSchema(schema: unknown, regions: readonly PhoneRegion[] = []): SchemaReading {
  const { graph, errors } = readGraph(schema);
  if (graph === undefined) return { graph, errors };
  const findings = new ErrorCollector();
  if (graph.root.type !== "object") findings.add("", "type", 'The root needs type: "object".');
  checkCompleteness(graph, findings);
  if (findings.errors.length === 0) checkListedValues(graph, findings, regions);
  const isSafe = findings.errors.every(({ keyword }) => keyword === "x-data-type");
  return { graph: isSafe ? graph : undefined, errors: findings.errors };
}

/** Reads a schema that is safe to keep and to hand on. Each step relies on the steps before it. */
function readGraph(schema: unknown): SchemaReading {
  const findings = new ErrorCollector();
  const { errors } = findings;
  const refused = { graph: undefined, errors };

  checkJson(schema, findings);
  if (errors.length > 0) return refused;

  const root = readKeywords(schema, findings);
  if (errors.length > 0 || typeof root === "boolean") return refused;

  const graph = new SchemaGraph(root);
  checkReferences(graph, findings);
  if (errors.length > 0) return refused;

  checkExpansion(graph, findings);
  return errors.length > 0 ? refused : { graph, errors };
}

/**
 * Small definitions can multiply when every reference is followed. The steps after this one follow them all.
 */
function checkExpansion(graph: SchemaGraph, findings: ErrorCollector): void {
  if (graph.expandedParts(graph.root) > LIMITS.expandedParts) {
    const message = `With every reference replaced, a schema may have at most ${LIMITS.expandedParts} subschemas.`;
    findings.add("", "size", message);
  }
  if (graph.dataBranches(graph.root) > LIMITS.dataBranches) {
    const message = `At most ${LIMITS.dataBranches} alternatives and conditions may have an x-data-type.`;
    findings.add("", "x-data-type", message);
  }
}
