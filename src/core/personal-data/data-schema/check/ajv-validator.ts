import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { canonicalJson } from "../../../protocol/canonical-json.ts";
import type { Schema, SubSchema } from "../schema.ts";
import { FORMATS } from "./formats.ts";
import { type PatternMeter, re2Engine } from "./patterns.ts";

/** One compiled schema. The caller sets `meter.stepsLeft` before each validation. */
export interface Validator {
  readonly meter: PatternMeter;
  /** Ajv's errors up to the first that makes the data invalid. Empty if the data is valid. */
  decide(data: unknown): readonly ErrorObject[];
  /** All of Ajv's errors. There can be as many as subschemas times values. */
  explain(data: unknown): readonly ErrorObject[];
  /** Whether a part of the schema, taken alone, accepts the data. */
  accepts(part: SubSchema, data: unknown): boolean;
}

/**
 * Compiles a schema that `readSchema` has accepted. Each validator has Ajv instances of its own, so that their
 * memory is freed together with the validator. Ajv quotes all text of a schema in the code that it generates.
 *
 * @throws Error if Ajv can't compile the schema.
 */
export function createValidator(schema: Schema): Validator {
  const meter: PatternMeter = { stepsLeft: 0 };
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
        // The part gets a root with the same $defs, so that its references find their targets.
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
    // Unknown keywords and formats make Ajv throw. Annotations never get here: `readKeywords` removes them.
    strict: true,
    // `checkCompleteness` is stricter where it matters. These three options would refuse ordinary conditions.
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    // A field may be called `constructor`.
    ownProperties: true,
    // With inlining, code would grow with the number of references.
    inlineRefs: false,
    // 19.99 is a multiple of 0.01, although their binary fractions aren't.
    multipleOfPrecision: 8,
    formats: FORMATS,
    code: { regExp: re2Engine(meter) },
    messages: false,
    logger: false,
    // The schema is known to be well-formed. Metaschemas would be compiled again in each instance.
    meta: false,
    validateSchema: false,
  });
  ajv.addVocabulary(["x-data-type"]);
  // Ajv's own uniqueItems compares every item with every other item. Agents decide how many items there are.
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({ keyword: "uniqueItems", type: "array", schemaType: "boolean", validate: haveUniqueItems });
  return ajv;
}

const haveUniqueItems = (unique: boolean, items: readonly unknown[]): boolean =>
  !unique || new Set(items.map(canonicalJson)).size === items.length;
