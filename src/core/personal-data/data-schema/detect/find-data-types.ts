import { canonicalJson } from "../../../protocol/canonical-json.ts";
import type { DataType } from "../../../protocol/data-types.ts";
import { pointer } from "../../../protocol/json-pointer.ts";
import type { Validator } from "../check/ajv-validator.ts";
import type { ErrorCollector } from "../check/error-collector.ts";
import type { SchemaGraph } from "../check/schema-graph.ts";
import { ownProperty } from "../json.ts";
import type { Schema, SubSchema } from "../schema.ts";
import { personalDataIn } from "./personal-text.ts";

/** What holds for a value because of what is around it. */
interface Surroundings {
  /** The innermost data types asked for. */
  readonly asked: readonly DataType[];
  /** A sponsor wrote all of it into an `enum` or `const`. */
  readonly listed: boolean;
}

/**
 * Finds out what valid data holds, by walking it along with its schema.
 *
 * A data type counts wherever a value passes a subschema that has it: of `anyOf` and `oneOf` every branch that
 * accepts the value, of `if` the side that it takes. Null counts for nothing: it is the absence of an answer.
 *
 * Every text and number is scanned, and may look like personal data only where the innermost data types that
 * apply to it ask for just that.
 */
export class DataInspector {
  readonly #graph: SchemaGraph;
  readonly #validator: Validator;
  /** The values that sponsors wrote into `enum` and `const`, as canonical JSON. */
  readonly #listed = new Map<Schema, ReadonlySet<string>>();

  constructor(graph: SchemaGraph, validator: Validator) {
    this.#graph = graph;
    this.#validator = validator;
  }

  /**
   * Returns the data types present, sorted. Adds a finding for every value that looks like personal data
   * that the schema doesn't ask for there.
   */
  inspect(data: unknown, basePath: string, findings: ErrorCollector): DataType[] {
    const present = new Set<DataType>();

    const visit = (
      value: unknown,
      schemas: readonly SubSchema[],
      path: string,
      around: Surroundings,
    ): void => {
      if (value === null) return;
      const applied = schemas.flatMap((schema) => this.#applied(schema, value));
      const types = applied.flatMap((schema) => schema["x-data-type"] ?? []);
      types.forEach((type) => present.add(type));
      const asked = types.length > 0 ? types : around.asked;
      if (typeof value === "object") {
        const here = { asked, listed: around.listed || this.#isListed(value, applied) };
        for (const [key, inner] of Object.entries(value)) {
          const innerSchemas = applied.flatMap((schema) => schemaInside(schema, value, key) ?? []);
          visit(inner, innerSchemas, pointer(path, key), here);
        }
      } else if (!around.listed && (typeof value === "string" || typeof value === "number")) {
        const likeness = personalDataIn(String(value), asked);
        if (likeness === undefined || this.#isListed(value, applied)) return;
        findings.add(
          path,
          "x-data-type",
          `This looks like ${likeness}. The schema doesn't ask for one here.`,
        );
      }
    };

    visit(data, [this.#graph.root], basePath, { asked: [], listed: false });
    return [...present].sort();
  }

  /** The subschemas that apply to the value at its place. */
  #applied(schema: SubSchema, value: unknown): Schema[] {
    if (typeof schema === "boolean") return [];
    const target = this.#graph.reference(schema)?.schema ?? false;
    const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
    const parts = [
      target,
      ...(schema.allOf ?? []),
      ...branches.filter((branch) => this.#accepts(branch, value)),
      ...this.#sideTaken(schema, value),
    ];
    return [schema, ...parts.flatMap((part) => this.#applied(part, value))];
  }

  /** Branches that ask for no data needn't be told apart, so they aren't evaluated. */
  #accepts(branch: SubSchema, value: unknown): boolean {
    return !this.#graph.asksForData(branch) || this.#validator.accepts(branch, value);
  }

  #sideTaken({ if: condition, then, else: otherwise }: Schema, value: unknown): SubSchema[] {
    const parts = [condition, then, otherwise].filter((part) => part !== undefined);
    if (condition === undefined || !parts.some((part) => this.#graph.asksForData(part))) return parts;
    return this.#validator.accepts(condition, value) ? [condition, then ?? false] : [otherwise ?? false];
  }

  /** What a sponsor wrote into the schema tells the sponsor nothing new. */
  #isListed(value: unknown, schemas: readonly Schema[]): boolean {
    const listing = schemas.filter((schema) => schema.enum !== undefined || schema.const !== undefined);
    if (listing.length === 0) return false;
    const text = canonicalJson(value);
    return listing.some((schema) => this.#listedBy(schema).has(text));
  }

  #listedBy(schema: Schema): ReadonlySet<string> {
    let listed = this.#listed.get(schema);
    if (listed === undefined) {
      const values = [...(schema.enum ?? []), ...(schema.const === undefined ? [] : [schema.const])];
      listed = new Set(values.map(canonicalJson));
      this.#listed.set(schema, listed);
    }
    return listed;
  }
}

function schemaInside(schema: Schema, container: object, key: string): SubSchema | undefined {
  if (!Array.isArray(container)) return ownProperty(schema.properties, key);
  return schema.prefixItems?.[Number(key)] ?? schema.items;
}
