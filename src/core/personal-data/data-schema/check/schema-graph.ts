import type { DataType } from "../../../protocol/data-types.ts";
import {
  type Child,
  childSubschemas,
  inPlaceSubschemas,
  resolve,
  type Schema,
  type SubSchema,
} from "../schema.ts";
import { type ExpectedDataTypes, expecting, fits } from "./expected-data-types.ts";

/**
 * Answers questions about a schema that need its references followed. Each answer is computed once per
 * subschema: many references can lead to one subschema, and following each of them could take forever.
 * All methods but `reference` rely on `checkReferences`: no reference may lead back to itself.
 */
export class SchemaGraph {
  readonly root: Schema;

  constructor(root: Schema) {
    this.root = root;
  }

  /** The target of `$ref`. */
  reference({ $ref }: Schema): (Child & { readonly definition: string }) | undefined {
    const target = $ref === undefined ? undefined : resolve(this.root.$defs, $ref);
    if ($ref === undefined || target === undefined) return undefined;
    return { schema: target, tokens: ["$ref"], definition: $ref.slice(1) };
  }

  /** The subschemas that describe the same value, the target of `$ref` included. */
  inPlace(schema: Schema): Child[] {
    const target = this.reference(schema);
    return target === undefined ? inPlaceSubschemas(schema) : [target, ...inPlaceSubschemas(schema)];
  }

  /** The number of subschemas once every reference is replaced. Small definitions can multiply to billions. */
  readonly expandedParts = this.#sum(() => 1);

  /** The cost of checking one value, in subschemas. Comparing with one value of an enum costs far less. */
  readonly weight = this.#sum((node) => 1 + (node.enum?.length ?? 0) / ENUM_VALUES_PER_PART);

  /** The number of alternatives and conditions that ask for data, once every reference is replaced. */
  readonly dataBranches = this.#sum((node) => {
    const conditions = [node.if, node.then, node.else].filter((part) => part !== undefined);
    const branches = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...conditions];
    return branches.filter((branch) => this.asksForData(branch)).length;
  });

  /**
   * The expected data types that this schema itself has for every valid value, whatever branch accepts the value.
   * A branch for null alone needs no data type: null means that there is no data.
   */
  readonly typesMet = remember<ExpectedDataTypes>(new Set(), (schema) => {
    const type = schema["x-data-type"];
    const always = [this.reference(schema)?.schema ?? false, ...(schema.allOf ?? [])];
    const branchings = [schema.anyOf, schema.oneOf].map((branches = []) =>
      branches.filter((branch) => !isNullOnly(branch)),
    );
    return expecting((expected) => {
      const meets = (part: SubSchema): boolean => this.typesMet(part).has(expected);
      return (
        (type !== undefined && fits(type, expected)) ||
        always.some(meets) ||
        branchings.some((branches) => branches.length > 0 && branches.every(meets))
      );
    });
  });

  /**
   * The expected data types met around a value that are still met for the value itself. The innermost data types
   * count: a data type of the value's own schema replaces the data types around it.
   */
  typesInherited(schema: SubSchema, around: ExpectedDataTypes): ExpectedDataTypes {
    const types = [...this.#typesInPlace(schema)];
    if (types.length === 0) return around;
    return expecting((expected) => around.has(expected) && types.every((type) => fits(type, expected)));
  }

  /** Whether the schema has an x-data-type anywhere. `not` doesn't count: valid data never matches it. */
  readonly asksForData = remember(
    false,
    (schema): boolean =>
      schema["x-data-type"] !== undefined ||
      this.#neighbours(schema).some((next) => next !== schema.not && this.asksForData(next)),
  );

  /** Every data type that the schema asks for, sorted. */
  dataTypes(): DataType[] {
    const found = new Set<DataType>();
    const collect = remember(undefined, (schema): undefined => {
      if (schema["x-data-type"] !== undefined) found.add(schema["x-data-type"]);
      for (const next of this.#neighbours(schema)) if (next !== schema.not) collect(next);
    });
    collect(this.root);
    return [...found].sort();
  }

  /** Every data type that this schema can give to the value itself, rather than to a value inside. */
  readonly #typesInPlace = remember(NO_TYPES, (schema): ReadonlySet<DataType> => {
    const parts = this.inPlace(schema).filter((part) => part.schema !== schema.not);
    const types = new Set(parts.flatMap((part) => [...this.#typesInPlace(part.schema)]));
    const own = schema["x-data-type"];
    return own === undefined ? types : types.add(own);
  });

  /**
   * A function that adds up `count` over a schema and its subschemas, once per reference that leads to them.
   */
  #sum(count: (node: Schema) => number): (schema: SubSchema) => number {
    const sum = remember(0, (schema): number =>
      this.#neighbours(schema).reduce((total, next) => total + sum(next), count(schema)),
    );
    return sum;
  }

  #neighbours(schema: Schema): SubSchema[] {
    return [...this.inPlace(schema), ...childSubschemas(schema)].map((child) => child.schema);
  }
}

const NO_TYPES: ReadonlySet<DataType> = new Set();

const ENUM_VALUES_PER_PART = 64;

const isNullOnly = (schema: SubSchema): boolean =>
  typeof schema === "object" && (schema.type === "null" || schema.const === null);

/** A function that computes an answer once per schema, and has a fixed answer for `true` and `false`. */
function remember<T>(ofBoolean: T, compute: (schema: Schema) => T): (schema: SubSchema) => T {
  const answers = new Map<Schema, T>();
  return (schema) => {
    if (typeof schema === "boolean") return ofBoolean;
    if (!answers.has(schema)) answers.set(schema, compute(schema));
    return answers.get(schema) as T;
  };
}
