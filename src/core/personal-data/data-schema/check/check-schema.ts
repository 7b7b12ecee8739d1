import type { FieldError } from "../../../protocol/errors.ts";
import type { Schema } from "../schema.ts";
import { LIMITS } from "../size-limits.ts";
import { createValidator } from "./ajv-validator.ts";
import { checkCompleteness } from "./check-completeness.ts";
import { checkJson } from "./check-json.ts";
import { checkReferences } from "./check-references.ts";
import { checkStructure } from "./check-structure.ts";
import { ErrorCollector } from "./error-collector.ts";
import { SchemaGraph } from "./schema-graph.ts";

/**
 * Why a sponsor's schema can't be registered; empty if it can. Paths are JSON Pointers into the schema:
 * to a keyword whose value is wrong, to the subschema where one is missing. `keyword` names it either way.
 */
export function checkSchema(schema: unknown): FieldError[] {
  const reading = readSchema(schema);
  if (!reading.ok) return reading.errors;
  try {
    createValidator(reading.schema);
    return [];
  } catch {
    // No schema is known that gets here. If one does, its sponsor hears of it now rather than its agents later.
    return [{ path: "", keyword: "schema", message: "This schema can't be compiled." }];
  }
}

export type SchemaReading =
  | { readonly ok: true; readonly schema: Schema; readonly graph: SchemaGraph }
  | { readonly ok: false; readonly errors: FieldError[] };

/** The rules of `checkSchema`, each step resting on those before it; its result can be read safely. */
export function readSchema(schema: unknown): SchemaReading {
  const findings = new ErrorCollector();
  checkJson(schema, findings);
  if (findings.errors.length > 0 || !checkStructure(schema, findings)) return refused(findings);

  checkReferences(schema, findings);
  if (findings.errors.length > 0) return refused(findings);

  const graph = new SchemaGraph(schema);
  checkExpansion(graph, findings);
  if (findings.errors.length > 0) return refused(findings);

  if (schema.type !== "object") findings.add("", "type", 'The root needs type: "object".');
  checkCompleteness(graph, findings);
  return findings.errors.length > 0 ? refused(findings) : { ok: true, schema, graph };
}

/** Small definitions can multiply when every reference is followed; the steps after this follow them all. */
function checkExpansion(graph: SchemaGraph, findings: ErrorCollector): void {
  if (graph.expandedParts(graph.root) > LIMITS.expandedParts) {
    findings.add(
      "",
      "size",
      `With references written out, at most ${LIMITS.expandedParts} subschemas may remain.`,
    );
  }
  if (graph.dataBranches(graph.root) > LIMITS.dataBranches) {
    const message = `At most ${LIMITS.dataBranches} alternatives and conditions may have an x-data-type.`;
    findings.add("", "x-data-type", message);
  }
}

const refused = ({ errors }: ErrorCollector): SchemaReading => ({ ok: false, errors });
