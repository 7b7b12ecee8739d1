import { pointer } from "../../../protocol/json-pointer.ts";
import { expectedByName } from "../detect/personal-names.ts";
import { type Child, childSubschemas, type Schema, type SubSchema, typesOf } from "../schema.ts";
import {
  type CompleteSchema,
  completeSchemasOf,
  contentSchemas,
  description,
  namesProperty,
} from "./complete-schemas.ts";
import type { ErrorCollector } from "./error-collector.ts";
import {
  type ExpectedDataType,
  type ExpectedDataTypes,
  expecting,
  fittingTypes,
  unite,
} from "./expected-data-types.ts";
import { expectedByFormat } from "./formats.ts";
import type { SchemaGraph } from "./schema-graph.ts";

/** Where a subschema stands, and the demands that data types beside or above it meet for its values. */
interface Place {
  readonly path: string;
  readonly met: ExpectedDataTypes;
}

/**
 * Third look, in context: every value that can be sent is described, every object closed, and everything
 * that looks like personal data says so, with a data type that fits. Presumes `checkStructure` and `checkReferences`.
 *
 * Each subschema is either *complete*, where it alone decides what a value may be, or a *fragment* (under
 * `allOf`, `if`, `then`, `else` and `not`, and under `anyOf` and `oneOf` beside a type), which can only narrow
 * what its *bases*, the complete schemas of the same value, allow: it names no property that they don't name.
 */
export function checkCompleteness(graph: SchemaGraph, findings: ErrorCollector): void {
  const check = new DescriptionCheck(graph, findings);
  check.complete(graph.root, { path: "", met: new Set() });
}

class DescriptionCheck {
  readonly #graph: SchemaGraph;
  readonly #findings: ErrorCollector;

  constructor(graph: SchemaGraph, findings: ErrorCollector) {
    this.#graph = graph;
    this.#findings = findings;
  }

  complete(schema: SubSchema, place: Place): void {
    const described = description(this.#graph, schema);
    if (described === "nothing") this.#findings.add(place.path, "type", ALLOWS_ANYTHING);
    if (this.#findings.full || typeof schema === "boolean") return;

    const here = this.#enter(schema, place);
    const bases = completeSchemasOf(this.#graph, schema, place.met);
    if (described === "itself") {
      this.#closed(schema, here);
      for (const child of childSubschemas(schema)) {
        const inside = this.#inside(child, here);
        this.#named(child, inside);
        this.complete(child.schema, inside);
      }
    } else {
      this.#narrowContents(schema, bases, here);
    }
    this.#knownNames(schema, bases, here);

    const parts = typeof described === "string" ? [] : described.map((part) => part.schema);
    for (const part of this.#graph.inPlace(schema)) {
      if (parts.includes(part.schema)) this.complete(part.schema, step(part, here));
      else this.#fragment(part.schema, bases, step(part, here));
    }
  }

  #fragment(schema: SubSchema, bases: readonly CompleteSchema[], place: Place): void {
    if (this.#findings.full || typeof schema === "boolean") return;
    const here = this.#enter(schema, place);
    this.#narrowContents(schema, bases, here);
    this.#knownNames(schema, bases, here);
    for (const part of this.#graph.inPlace(schema)) this.#fragment(part.schema, bases, step(part, here));
  }

  #narrowContents(schema: Schema, bases: readonly CompleteSchema[], here: Place): void {
    for (const child of childSubschemas(schema)) {
      const [keyword, name] = child.tokens;
      if (keyword === "properties" && !namesProperty(bases, String(name))) {
        const message = "Only properties that the closed object itself defines can be narrowed here.";
        this.#findings.add(pointer(here.path, ...child.tokens), "properties", message);
      }
      const inner = contentSchemas(this.#graph, bases, child);
      // Where the definition says its data type, narrowing it needn't say it again.
      const defined = expecting((demand) => inner.length > 0 && inner.every(({ met }) => met.has(demand)));
      const { path, met } = this.#inside(child, here);
      const inside = { path, met: unite(met, defined) };
      this.#named(child, inside);
      this.#fragment(child.schema, inner, inside);
    }
  }

  #inside(child: Child, here: Place): Place {
    return { ...step(child, here), met: this.#graph.demandsInherited(child.schema, here.met) };
  }

  /** A property that is named like personal data has to have a data type that fits. */
  #named(child: Child, { path, met }: Place): void {
    const [keyword, name] = child.tokens;
    const demand = keyword === "properties" ? expectedByName(String(name)) : undefined;
    this.#meets(demand, unite(met, this.#graph.demandsMet(child.schema)), path, "A property with this name");
  }

  #enter(schema: Schema, place: Place): Place {
    const met = unite(place.met, this.#graph.demandsMet(schema));
    const demand = schema.format === undefined ? undefined : expectedByFormat(schema.format);
    this.#meets(demand, met, place.path, "A value of this format");
    return { ...place, met };
  }

  #meets(demand: ExpectedDataType | undefined, met: ExpectedDataTypes, path: string, subject: string): void {
    if (demand === undefined || met.has(demand)) return;
    this.#findings.add(path, "x-data-type", `${subject} has to say "x-data-type": ${fittingTypes(demand)}.`);
  }

  #closed(schema: Schema, { path }: Place): void {
    const types = typesOf(schema);
    const { properties, additionalProperties, items } = schema;
    if (types.includes("object") || properties !== undefined || additionalProperties !== undefined) {
      if (properties === undefined) this.#findings.add(path, "properties", "An object needs properties.");
      if (additionalProperties === undefined) {
        this.#findings.add(path, "additionalProperties", "An object needs additionalProperties: false.");
      }
    }
    if (types.includes("array") && items === undefined) {
      this.#findings.add(path, "items", "An array needs items that describe its values.");
    }
  }

  #knownNames(schema: Schema, bases: readonly CompleteSchema[], { path }: Place): void {
    const check = (name: string, keyword: string, ...tokens: (string | number)[]): void => {
      if (namesProperty(bases, name)) return;
      this.#findings.add(pointer(path, keyword, ...tokens), keyword, "This property isn't defined.");
    };
    schema.required?.forEach((name, index) => check(name, "required", index));
    for (const [name, dependents] of Object.entries(schema.dependentRequired ?? {})) {
      check(name, "dependentRequired", name);
      dependents.forEach((dependent, index) => check(dependent, "dependentRequired", name, index));
    }
  }
}

const ALLOWS_ANYTHING =
  "This allows anything. Say a type, enum, const or $ref, or give anyOf or oneOf only branches that do.";

const step = (child: Child, { path, met }: Place): Place => ({
  path: child.definition ?? pointer(path, ...child.tokens),
  met,
});
