import type { DataType } from "../../../protocol/data-types.ts";
import {
  type Child,
  childSubschemas,
  inPlaceSubschemas,
  referencePointer,
  resolve,
  type Schema,
  type SubSchema,
} from "../schema.ts";
import { type ExpectedDataTypes, expecting, fits } from "./expected-data-types.ts";

/**
 * A schema with its references: answers that need to follow `$ref`. Each node is answered for once, since
 * references make a graph out of what reads like a tree, and walking the tree could take for ever.
 * Presumes that no reference leads back to itself (`checkReferences`).
 */
export class SchemaGraph {
  readonly root: Schema;
  readonly #parts = new Map<Schema, number>();
  readonly #weights = new Map<Schema, number>();
  readonly #branches = new Map<Schema, number>();
  readonly #met = new Map<Schema, ExpectedDataTypes>();
  readonly #marks = new Map<Schema, ReadonlySet<DataType>>();
  readonly #askers = new Map<Schema, boolean>();

  constructor(root: Schema) {
    this.root = root;
  }

  /** The subschemas that look at the same value, `$ref` included. */
  inPlace(schema: Schema): Child[] {
    const target = this.reference(schema);
    return target === undefined ? inPlaceSubschemas(schema) : [target, ...inPlaceSubschemas(schema)];
  }

  /** What `$ref` points at. */
  reference({ $ref }: Schema): Child | undefined {
    const target = $ref === undefined ? undefined : resolve(this.root.$defs, $ref);
    if ($ref === undefined || target === undefined) return undefined;
    return { schema: target, tokens: ["$ref"], definition: referencePointer($ref) };
  }

  /** Subschemas with every reference written out: small definitions can multiply to billions. */
  expandedParts(schema: SubSchema): number {
    return this.#sum(this.#parts, schema, () => 1);
  }

  /** What one value can cost to check, in subschemas: comparing it with a value of an enum costs far less. */
  weight(schema: SubSchema): number {
    return this.#sum(this.#weights, schema, (node) => 1 + (node.enum?.length ?? 0) / ENUM_VALUES_PER_PART);
  }

  /** Alternatives and conditions that ask for data, with every reference written out. */
  dataBranches(schema: SubSchema): number {
    return this.#sum(this.#branches, schema, (node) => {
      const conditions = [node.if, node.then, node.else].filter((part) => part !== undefined);
      const branches = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...conditions];
      return branches.filter((branch) => this.asksForData(branch)).length;
    });
  }

  /**
   * The demands that this schema's own data types meet for every value that passes, whatever branch it takes.
   * A branch for null alone needs no data type: null is how an answer says that it has none.
   */
  demandsMet(schema: SubSchema): ExpectedDataTypes {
    if (typeof schema === "boolean") return NO_DEMANDS;
    return remember(this.#met, schema, () => {
      const type = schema["x-data-type"];
      const unavoidable = [this.reference(schema)?.schema ?? false, ...(schema.allOf ?? [])];
      const branchings = [schema.anyOf, schema.oneOf].map((branches = []) =>
        branches.filter((branch) => !isNullOnly(branch)),
      );
      return expecting((demand) => {
        const meets = (part: SubSchema): boolean => this.demandsMet(part).has(demand);
        return (
          (type !== undefined && fits(type, demand)) ||
          unavoidable.some(meets) ||
          branchings.some((branches) => branches.length > 0 && branches.every(meets))
        );
      });
    });
  }

  /**
   * Of the demands met around a value, those that stay met for it: the innermost data types count, so one of
   * its own that doesn't fit takes the place of one around it that does.
   */
  demandsInherited(schema: SubSchema, around: ExpectedDataTypes): ExpectedDataTypes {
    const types = [...this.#typesInPlace(schema)];
    return types.length === 0
      ? around
      : expecting((demand) => around.has(demand) && types.every((type) => fits(type, demand)));
  }

  /** Somewhere in it a data type is asked for. Nothing under `not` is: what is sent never matches it. */
  asksForData(schema: SubSchema): boolean {
    if (typeof schema === "boolean") return false;
    return remember(
      this.#askers,
      schema,
      () =>
        schema["x-data-type"] !== undefined ||
        this.#neighbours(schema).some((next) => next !== schema.not && this.asksForData(next)),
    );
  }

  /** Every data type asked for anywhere, sorted. */
  dataTypes(): DataType[] {
    const found = new Set<DataType>();
    const seen = new Set<SubSchema>();
    const visit = (schema: SubSchema): void => {
      if (typeof schema === "boolean" || seen.has(schema)) return;
      seen.add(schema);
      if (schema["x-data-type"] !== undefined) found.add(schema["x-data-type"]);
      for (const next of this.#neighbours(schema)) if (next !== schema.not) visit(next);
    };
    visit(this.root);
    return [...found].sort();
  }

  /** Every data type that a value can have of this schema itself, rather than of what is inside. */
  #typesInPlace(schema: SubSchema): ReadonlySet<DataType> {
    if (typeof schema === "boolean") return NO_TYPES;
    return remember(this.#marks, schema, () => {
      const parts = this.inPlace(schema).filter((part) => part.schema !== schema.not);
      const types = new Set(parts.flatMap((part) => [...this.#typesInPlace(part.schema)]));
      const own = schema["x-data-type"];
      return own === undefined ? types : types.add(own);
    });
  }

  /** Adds up what each node counts for, those that references lead to as often as they do. */
  #sum(sums: Map<Schema, number>, schema: SubSchema, count: (node: Schema) => number): number {
    if (typeof schema === "boolean") return 0;
    return remember(sums, schema, () =>
      this.#neighbours(schema).reduce((sum, next) => sum + this.#sum(sums, next, count), count(schema)),
    );
  }

  #neighbours(schema: Schema): SubSchema[] {
    return [...this.inPlace(schema), ...childSubschemas(schema)].map((child) => child.schema);
  }
}

const ENUM_VALUES_PER_PART = 64;

const NO_DEMANDS: ExpectedDataTypes = new Set();
const NO_TYPES: ReadonlySet<DataType> = new Set();

const isNullOnly = (schema: SubSchema): boolean =>
  typeof schema === "object" && (schema.type === "null" || schema.const === null);

function remember<T>(memory: Map<Schema, T>, schema: Schema, compute: () => T): T {
  const known = memory.get(schema);
  if (known !== undefined) return known;
  const value = compute();
  memory.set(schema, value);
  return value;
}
