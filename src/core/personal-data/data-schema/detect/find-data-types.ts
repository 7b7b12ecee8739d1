import { canonicalJson } from "../../../protocol/canonical-json.ts";
import type { DataType } from "../../../protocol/data-types.ts";
import { pointer } from "../../../protocol/json-pointer.ts";
import type { PhoneRegion } from "../../../protocol/phone-regions.ts";
import type { Validator } from "../check/ajv-validator.ts";
import type { ErrorCollector } from "../check/error-collector.ts";
import type { SchemaGraph } from "../check/schema-graph.ts";
import { ownProperty } from "../json.ts";
import type { Schema, SubSchema } from "../schema.ts";
import { personalDataIn } from "./personal-text.ts";
import { searchIn } from "./regional-phone-numbers.ts";

/** What the values around a value say about the value. */
interface Surroundings {
  /** The innermost data types that the schema asks for. */
  readonly asked: readonly DataType[];
  /** Whether the sponsor wrote a value around this one into an `enum` or `const`. */
  readonly isListed: boolean;
}

/**
 * Returns the data types present in the data, sorted. Adds an error for every value that looks like personal
 * data which the schema doesn't ask for there. A stored value may look like the data type that it was referred to by.
 */
type Inspect = (
  data: unknown,
  basePath: string,
  findings: ErrorCollector,
  context: ScanContext,
) => DataType[];

export interface ScanContext {
  /** Whose national phone numbers are found too. */
  regions: readonly PhoneRegion[];
  /** The user's stored values in the data: their paths, and the data types that they were referred to by. */
  filled: ReadonlyMap<string, DataType>;
}

/**
 * Creates a function that finds the data types in valid data, by walking data and schema together.
 *
 * A data type counts if a value passes a subschema that has it. Of `anyOf` and `oneOf`, every branch that accepts
 * the value counts; of `if`, the side that applies. Null never counts: it means that there is no data.
 *
 * Every text and number is scanned. It may look like personal data only if the innermost data types of its
 * place fit.
 */
export function createInspector(graph: SchemaGraph, validator: Validator): Inspect {
  /** The subschemas that apply to the value itself. */
  const applied = (schema: SubSchema, value: unknown): Schema[] => {
    if (typeof schema === "boolean") return [];
    const { allOf = [], anyOf = [], oneOf = [] } = schema;
    // A branch that asks for no data changes nothing, so it isn't evaluated.
    const branches = [...anyOf, ...oneOf].filter(
      (branch) => !graph.asksForData(branch) || validator.accepts(branch, value),
    );
    const parts = [
      graph.reference(schema)?.schema ?? false,
      ...allOf,
      ...branches,
      ...sideTaken(schema, value),
    ];
    return [schema, ...parts.flatMap((part) => applied(part, value))];
  };

  const sideTaken = ({ if: condition, then, else: otherwise }: Schema, value: unknown): SubSchema[] => {
    const parts = [condition, then, otherwise].filter((part) => part !== undefined);
    if (condition === undefined || !parts.some((part) => graph.asksForData(part))) return parts;
    return validator.accepts(condition, value) ? [condition, then ?? false] : [otherwise ?? false];
  };

  /** The values that the sponsor wrote into `enum` and `const`, as canonical JSON. */
  const listedValues = new Map<Schema, ReadonlySet<string>>();
  const listedBy = (schema: Schema): ReadonlySet<string> => {
    const known = listedValues.get(schema);
    if (known !== undefined) return known;
    const values = [...(schema.enum ?? []), ...(schema.const === undefined ? [] : [schema.const])];
    const listed = new Set(values.map(canonicalJson));
    listedValues.set(schema, listed);
    return listed;
  };

  /** A value that the sponsor wrote into the schema tells the sponsor nothing new, so it isn't scanned. */
  const isListed = (value: unknown, schemas: readonly Schema[]): boolean => {
    const listing = schemas.filter((schema) => schema.enum !== undefined || schema.const !== undefined);
    if (listing.length === 0) return false;
    const json = canonicalJson(value);
    return listing.some((schema) => listedBy(schema).has(json));
  };

  return (data, basePath, findings, { regions, filled }) => {
    const present = new Set<DataType>();
    const search = searchIn(regions);

    const visit = (value: unknown, at: readonly SubSchema[], path: string, around: Surroundings): void => {
      if (value === null) return;
      const schemas = at.flatMap((schema) => applied(schema, value));
      const types = schemas.flatMap((schema) => schema["x-data-type"] ?? []);
      types.forEach((type) => present.add(type));
      const stored = filled.get(path);
      const asked = [...(types.length > 0 ? types : around.asked), ...(stored === undefined ? [] : [stored])];
      if (typeof value === "object") {
        const here = { asked, isListed: around.isListed || isListed(value, schemas) };
        for (const [key, inner] of Object.entries(value)) {
          const innerSchemas = schemas.flatMap((schema) => schemaInside(schema, value, key) ?? []);
          visit(inner, innerSchemas, pointer(path, key), here);
        }
      } else if (!around.isListed && (typeof value === "string" || typeof value === "number")) {
        const likeness = personalDataIn(String(value), asked, search);
        if (likeness === undefined || isListed(value, schemas)) return;
        findings.add(
          path,
          "x-data-type",
          `This looks like ${likeness}. The schema doesn't ask for one here.`,
        );
      }
    };

    visit(data, [graph.root], basePath, { asked: [], isListed: false });
    return [...present].sort();
  };
}

function schemaInside(schema: Schema, container: object, key: string): SubSchema | undefined {
  if (!Array.isArray(container)) return ownProperty(schema.properties, key);
  return schema.prefixItems?.[Number(key)] ?? schema.items;
}
