import type { FieldError } from "../../../protocol/errors.ts";
import type { PhoneRegion } from "../../../protocol/phone-regions.ts";
import { checkDescription, checkSchema } from "../check/check-schema.ts";
import type { DataCheck, SchemaFacts, SubmissionCheck } from "../validate/compile.ts";
import { compileSchema } from "../validate/compile.ts";
import type { VaultReference } from "../validate/vault-references.ts";

/** Data to check. */
export interface Submitted {
  data: unknown;
  /** JSON Pointer of the data within the request, such as `/task_data`. */
  basePath: string;
  /** Where the person and the campaign are: their national phone numbers are found too. */
  regions: readonly PhoneRegion[];
}

/** Data with stored values in place of these references. */
export interface Filled extends Submitted {
  references: readonly VaultReference[];
}

/** What can be done with a schema. All arguments and results are JSON, so that it can be done in another thread. */
export const SCHEMA_TASKS = {
  checkSchema: (schema: unknown, regions: readonly PhoneRegion[]): FieldError[] =>
    checkSchema(schema, regions),
  checkDescription: (schema: unknown): FieldError[] => checkDescription(schema),
  describe: (schema: unknown): SchemaFacts => {
    const { dataTypes, requiredFields, optionalFields, plainFields } = compileSchema(schema);
    return { dataTypes, requiredFields, optionalFields, plainFields };
  },
  validate: (schema: unknown, { data, basePath, regions }: Submitted): DataCheck =>
    compileSchema(schema).validate(data, basePath, regions),
  validateSubmission: (schema: unknown, { data, basePath, regions }: Submitted): SubmissionCheck =>
    compileSchema(schema).validateSubmission(data, basePath, regions),
  validateFilled: (schema: unknown, { data, basePath, references, regions }: Filled): DataCheck =>
    compileSchema(schema).validateFilled(data, basePath, references, regions),
};

export type SchemaTask = keyof typeof SCHEMA_TASKS;
