import { LRUCache } from "lru-cache";
import type { DataType } from "../../../protocol/data-types.ts";
import type { FieldError } from "../../../protocol/errors.ts";
import type { PhoneRegion } from "../../../protocol/phone-regions.ts";
import { createValidator } from "../check/ajv-validator.ts";
import { measureData } from "../check/check-json.ts";
import { readSchema } from "../check/check-schema.ts";
import { declaredFields, plainFields, requiredDataTypes } from "../check/declared-types.ts";
import { ErrorCollector } from "../check/error-collector.ts";
import { PatternBudgetError } from "../check/patterns.ts";
import { SchemaGraph } from "../check/schema-graph.ts";
import type { ScanContext } from "../detect/find-data-types.ts";
import { createInspector } from "../detect/find-data-types.ts";
import { fingerprint } from "../json.ts";
import { LIMITS } from "../size-limits.ts";
import { fieldErrors } from "./field-errors.ts";
import type { VaultReference } from "./vault-references.ts";
import {
  allowingReferences,
  comparesPersonalData,
  dependsOnOtherValues,
  referencesIn,
  refersToVault,
} from "./vault-references.ts";

/** What a schema asks for. */
export interface SchemaFacts {
  /** The data types that the schema asks for, sorted: all of them, and those that all valid data has. */
  readonly dataTypes: { readonly all: readonly DataType[]; readonly required: readonly DataType[] };
  /** Names of the root's properties, as `GET /agent/tasks/{campaign_id}` lists them. */
  readonly requiredFields: readonly string[];
  readonly optionalFields: readonly string[];
  /** Of the required fields, those that are a string or an integer, and no personal data. */
  readonly plainFields: readonly string[];
}

/** A sponsor's schema, ready to check data that agents submit. See `perform.ts` for what its functions return. */
export interface CompiledSchema extends SchemaFacts {
  validate(data: unknown, basePath: string, regions?: readonly PhoneRegion[]): DataCheck;
  validateSubmission(data: unknown, basePath: string, regions?: readonly PhoneRegion[]): SubmissionCheck;
  validateFilled(
    data: unknown,
    basePath: string,
    references: readonly VaultReference[],
    regions?: readonly PhoneRegion[],
  ): DataCheck;
}

type Refused = { readonly ok: false; readonly errors: FieldError[] };
export type DataCheck = { readonly ok: true; readonly dataTypes: DataType[] } | Refused;
export type SubmissionCheck =
  { readonly ok: true; readonly dataTypes: DataType[]; readonly references: VaultReference[] } | Refused;

/** Compiled schemas. Each call of an agent needs one, and compiling takes tens of milliseconds. */
const compiled = new LRUCache<string, CompiledSchema>({ max: 200 });

/**
 * Compiles a schema. The same JSON gives the same object.
 * @throws Error if the schema isn't safe to run. One that only lacks an x-data-type is run: it may be older than
 *   the rule, and its values are scanned anyway
 */
export function compileSchema(schema: unknown): CompiledSchema {
  const key = fingerprint(schema);
  const known = compiled.get(key);
  if (known !== undefined) return known;

  // A copy: the caller may change its schema later, but the compiled schema must stay as it was checked.
  const { graph, errors } = readSchema(structuredClone(schema));
  if (graph === undefined) {
    const [first] = errors;
    throw new Error(`A schema that isn't safe to run can't be compiled: ${first?.path} ${first?.message}`);
  }
  const fresh = compile(graph);
  compiled.set(key, fresh);
  return fresh;
}

function compile(graph: SchemaGraph): CompiledSchema {
  // Made when they are first used: the facts alone need nothing compiled.
  let compiledCheck: Check | undefined;
  let checkWithReferences: Check | undefined;
  const check: Check = (...args) => (compiledCheck ??= createCheck(graph))(...args);

  const validateSubmission: CompiledSchema["validateSubmission"] = (data, basePath, regions = []) => {
    if (!refersToVault(data)) {
      const result = check(data, basePath, SUBMITTED_WORK, { regions, filled: NONE });
      return result.ok ? { ...result, references: [] } : result;
    }
    checkWithReferences ??= comparesPersonalData(graph)
      ? check
      : createCheck(new SchemaGraph(allowingReferences(graph.root)));
    const result = checkWithReferences(data, basePath, SUBMITTED_WORK, { regions, filled: NONE });
    // `allowingReferences` added the conditions. What fails inside a condition has an error of its own.
    if (!result.ok) return { ok: false, errors: result.errors.filter(({ keyword }) => keyword !== "if") };

    const references = referencesIn(data);
    // A stored value must never be read for a data type that wasn't found, whatever the schema accepted.
    if (references.some(({ dataType }) => !result.dataTypes.includes(dataType)))
      throw new Error("a schema accepted a reference that it doesn't ask for");
    if (references.length > LIMITS.references) return tooMuchWork(basePath);
    const dependent = references.filter(({ path }) => dependsOnOtherValues(graph, path));
    return dependent.length > 0 ? notAReference(dependent, basePath) : { ...result, references };
  };

  const fields = declaredFields(graph);
  return {
    dataTypes: { all: graph.dataTypes(), required: requiredDataTypes(graph) },
    requiredFields: fields.required,
    optionalFields: fields.optional,
    plainFields: plainFields(graph),
    validate: (data, basePath, regions = []) =>
      check(data, basePath, SUBMITTED_WORK, { regions, filled: NONE }),
    validateFilled: (data, basePath, references, regions = []) => {
      const filled = new Map(references.map(({ path, dataType }) => [basePath + path, dataType]));
      return check(data, basePath, FILLED_WORK, { regions, filled });
    },
    validateSubmission,
  };
}

/** How much work one validation may take. See `LIMITS`. */
type Work = Readonly<Record<"evaluations" | "patternSteps" | "explainedEvaluations", number>>;

const SUBMITTED_WORK: Work = LIMITS;
const FILLED_WORK: Work = {
  evaluations: LIMITS.evaluations + LIMITS.storedEvaluations,
  patternSteps: LIMITS.patternSteps + LIMITS.storedPatternSteps,
  explainedEvaluations: 0,
};

type Check = (data: unknown, basePath: string, work: Work, context: ScanContext) => DataCheck;

const NONE: ScanContext["filled"] = new Map();

function createCheck(graph: SchemaGraph): Check {
  const validator = createValidator(graph.root);
  const inspect = createInspector(graph, validator);
  const weight = graph.weight(graph.root);

  const check: Check = (data, basePath, work, context) => {
    const findings = new ErrorCollector();
    const evaluations = weight * measureData(data, basePath, findings);
    if (findings.errors.length > 0) return { ok: false, errors: findings.errors };
    if (evaluations > work.evaluations) return tooMuchWork(basePath);

    validator.meter.stepsLeft = work.patternSteps;
    const firstErrors = validator.decide(data);
    if (firstErrors.length > 0) {
      const errors = evaluations <= work.explainedEvaluations ? validator.explain(data) : firstErrors;
      return { ok: false, errors: fieldErrors(errors, basePath) };
    }
    const dataTypes = inspect(data, basePath, findings, context);
    return findings.errors.length > 0 ? { ok: false, errors: findings.errors } : { ok: true, dataTypes };
  };

  return (data, basePath, work, context) => {
    try {
      return check(data, basePath, work, context);
    } catch (error) {
      if (error instanceof PatternBudgetError) return tooMuchWork(basePath);
      throw error;
    }
  };
}

export const tooMuchWork = (path: string): Refused => ({
  ok: false,
  errors: [{ path, keyword: "size", message: "This is too much data to check against its schema." }],
});

const notAReference = (references: readonly VaultReference[], basePath: string): Refused => ({
  ok: false,
  errors: references.map(({ path }) => ({
    path: basePath + path,
    keyword: "$vault",
    message:
      "A reference isn't accepted here: what is allowed depends on other values. Send the value itself.",
  })),
});
