import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { canonicalJson } from "../../../protocol/canonical-json.ts";
import type { Schema, SubSchema } from "../schema.ts";
import { FORMATS } from "./formats.ts";
import { PatternMeter, re2Engine } from "./patterns.ts";

/** One schema, compiled. Patterns are metered: whoever validates resets the meter first. */
export interface Validator {
  readonly meter: PatternMeter;
  /** Ajv's errors up to the first that decides; empty if the data is valid. */
  decide(data: unknown): readonly ErrorObject[];
  /** All of Ajv's errors, of which there can be as many as schema nodes times values. */
  explain(data: unknown): readonly ErrorObject[];
  /** Whether a part of the schema, by itself, accepts the data. */
  accepts(part: SubSchema, data: unknown): boolean;
}

/**
 * Compiles a schema that `readSchema` let through, with Ajv instances of its own, so that everything goes
 * when the validator does. Ajv writes its code from parsed and quoted parts; no text of a schema is run.
 *
 * @throws Error when Ajv doesn't understand the schema.
 */
export function createValidator(schema: Schema): Validator {
  const meter = new PatternMeter();
  const terse = createAjv(meter, false);
  const decide = terse.compile(schema);
  const parts = new Map<Schema, ValidateFunction>();
  let explain: ValidateFunction | undefined;

  return {
    meter,
    decide: (data) => errorsOf(decide, data),
    explain: (data) => {
      explain ??= createAjv(meter, true).compile(schema);
      return errorsOf(explain, data);
    },
    accepts: (part, data) => {
      if (typeof part === "boolean") return part;
      let accepts = parts.get(part);
      if (accepts === undefined) {
        // A root of its own, to which "#/$defs/..." is the same place.
        accepts = terse.compile({ $defs: schema.$defs ?? {}, allOf: [part] });
        parts.set(part, accepts);
      }
      return accepts(data);
    },
  };
}

const errorsOf = (validate: ValidateFunction, data: unknown): readonly ErrorObject[] =>
  validate(data) ? [] : (validate.errors ?? []);

function createAjv(meter: PatternMeter, allErrors: boolean): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors,
    strict: true,
    // Our own rules are stricter where it matters, and these three refuse ordinary conditions.
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    // `constructor` is a field name like any other.
    ownProperties: true,
    // Without inlining, code grows with the schema's text and not with the number of its references.
    inlineRefs: false,
    // 19.99 is a multiple of 0.01, whatever binary fractions say.
    multipleOfPrecision: 8,
    formats: FORMATS,
    code: { regExp: re2Engine(meter) },
    messages: false,
    logger: false,
    // The schema is known to be well-formed, and metaschemas would have to be compiled in every instance.
    meta: false,
    validateSchema: false,
  });
  ajv.addVocabulary(["x-data-type"]);
  // Ajv compares every item with every other; agents decide how many there are.
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({ keyword: "uniqueItems", type: "array", schemaType: "boolean", validate: haveUniqueItems });
  return ajv;
}

const haveUniqueItems = (unique: boolean, items: readonly unknown[]): boolean =>
  !unique || new Set(items.map(canonicalJson)).size === items.length;
