import { LRUCache } from "lru-cache";
import type { DataType } from "../../../protocol/data-types.ts";
import type { FieldError } from "../../../protocol/errors.ts";
import { createValidator } from "../check/ajv-validator.ts";
import { readSchema } from "../check/check-schema.ts";
import { declaredFields, requiredDataTypes } from "../check/declared-types.ts";
import { ErrorCollector } from "../check/error-collector.ts";
import { PatternBudgetError } from "../check/patterns.ts";
import { SchemaGraph } from "../check/schema-graph.ts";
import { DataInspector } from "../detect/find-data-types.ts";
import { fingerprint } from "../json.ts";
import { LIMITS } from "../size-limits.ts";
import { fieldErrors } from "./field-errors.ts";
import { measureData } from "./measure-data.ts";
import type { VaultReference } from "./vault-references.ts";
import { allowingReferences, comparesPersonalData, referencesIn, refersToVault } from "./vault-references.ts";

/** A sponsor's schema, ready to check what agents submit. */
export interface CompiledSchema {
  /** The data types the schema asks for, sorted: all of them, and those that no valid data can leave out. */
  readonly dataTypes: { readonly all: readonly DataType[]; readonly required: readonly DataType[] };
  /** Names at the top, as `GET /agent/tasks/{campaign_id}` lists them. */
  readonly requiredFields: readonly string[];
  readonly optionalFields: readonly string[];
  /**
   * @param basePath JSON Pointer of the data within the request, such as `/task_data`.
   * @returns the data types that are in this very data, sorted; or what is wrong with it, field by field.
   */
  validate(data: unknown, basePath: string): DataCheck;
  /**
   * As `validate`, for data in which `{"$vault": "<data type>"}` may stand in place of a value marked with that type.
   * A reference counts as data of its type; whether the stored value fits is known once it is filled in.
   */
  validateSubmission(data: unknown, basePath: string): SubmissionCheck;
  /** As `validate`, for a submission whose references were filled in: tells nothing of how big the values are. */
  validateFilled(data: unknown, basePath: string): DataCheck;
}

type Refused = { readonly ok: false; readonly errors: FieldError[] };
type DataCheck = { readonly ok: true; readonly dataTypes: DataType[] } | Refused;
type SubmissionCheck =
  { readonly ok: true; readonly dataTypes: DataType[]; readonly references: VaultReference[] } | Refused;

/** Schemas rarely change and every call of an agent needs one; compiling takes tens of milliseconds. */
const compiled = new LRUCache<string, CompiledSchema>({ max: 200 });

/**
 * Compiles a schema, or finds the one compiled before: the same JSON gives the same object.
 *
 * @throws Error when `checkSchema` refuses the schema: nothing that wasn't checked is ever run.
 */
export function compileSchema(schema: unknown): CompiledSchema {
  const key = fingerprint(schema);
  const known = compiled.get(key);
  if (known !== undefined) return known;

  // A copy, since what is compiled must stay what was checked.
  const reading = readSchema(structuredClone(schema));
  if (!reading.ok) {
    const [first] = reading.errors;
    throw new Error(`A schema that checkSchema refuses can't be compiled: ${first?.path} ${first?.message}`);
  }
  const fresh = compile(reading.graph);
  compiled.set(key, fresh);
  return fresh;
}

function compile(graph: SchemaGraph): CompiledSchema {
  const fields = declaredFields(graph);
  const check = createCheck(graph);
  const validate = (data: unknown, basePath: string): DataCheck => check(data, basePath, OWN_WORK);
  let withReferences: Check | undefined;
  return {
    dataTypes: { all: graph.dataTypes(), required: requiredDataTypes(graph) },
    requiredFields: fields.required,
    optionalFields: fields.optional,
    validate,
    validateFilled: (data, basePath) => check(data, basePath, FILLED_WORK),
    validateSubmission: (data, basePath) => {
      if (!refersToVault(data)) {
        const result = validate(data, basePath);
        return result.ok ? { ...result, references: [] } : result;
      }
      withReferences ??= comparesPersonalData(graph)
        ? check
        : createCheck(new SchemaGraph(allowingReferences(graph.root)));
      const result = withReferences(data, basePath, OWN_WORK);
      if (result.ok) {
        const references = requireCounted(referencesIn(data), result.dataTypes);
        return references.length > LIMITS.references ? tooMuchWork(basePath) : { ...result, references };
      }
      // The condition is ours, and what failed inside of it has an error of its own.
      return { ok: false, errors: result.errors.filter(({ keyword }) => keyword !== "if") };
    },
  };
}

/** Nobody reads a stored value whose type wasn't asked about, whatever a schema managed to accept. */
function requireCounted(references: VaultReference[], dataTypes: DataType[]): VaultReference[] {
  if (references.some(({ dataType }) => !dataTypes.includes(dataType)))
    throw new Error("a schema accepted a reference that it doesn't ask for");
  return references;
}

/** What a validation may take. */
interface Work {
  evaluations: number;
  patternSteps: number;
  /** Up to which all errors are collected, and not only the first. */
  explainedEvaluations: number;
}

const OWN_WORK: Work = LIMITS;
const FILLED_WORK: Work = {
  evaluations: LIMITS.evaluations + LIMITS.storedEvaluations,
  patternSteps: LIMITS.patternSteps + LIMITS.storedPatternSteps,
  explainedEvaluations: 0,
};

type Check = (data: unknown, basePath: string, work: Work) => DataCheck;

function createCheck(graph: SchemaGraph): Check {
  const validator = createValidator(graph.root);
  const inspector = new DataInspector(graph, validator);
  const weight = graph.weight(graph.root);

  const check: Check = (data, basePath, work) => {
    const findings = new ErrorCollector();
    const evaluations = weight * measureData(data, basePath, findings);
    if (findings.errors.length > 0) return { ok: false, errors: findings.errors };
    if (evaluations > work.evaluations) return tooMuchWork(basePath);

    validator.meter.reset(work.patternSteps);
    const deciding = validator.decide(data);
    if (deciding.length > 0) {
      const explained = evaluations <= work.explainedEvaluations ? validator.explain(data) : deciding;
      return { ok: false, errors: fieldErrors(explained, basePath) };
    }
    const dataTypes = inspector.inspect(data, basePath, findings);
    return findings.errors.length > 0 ? { ok: false, errors: findings.errors } : { ok: true, dataTypes };
  };

  return (data, basePath, work) => {
    try {
      return check(data, basePath, work);
    } catch (error) {
      if (error instanceof PatternBudgetError) return tooMuchWork(basePath);
      throw error;
    }
  };
}

const tooMuchWork = (path: string): Refused => ({
  ok: false,
  errors: [{ path, keyword: "size", message: "This is too much data to check against its schema." }],
});
