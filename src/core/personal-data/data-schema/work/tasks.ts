import type { FieldError } from "../../../protocol/errors.ts";
import { checkDescription, checkSchema } from "../check/check-schema.ts";
import type { DataCheck, SchemaFacts, SubmissionCheck } from "../validate/compile.ts";
import { compileSchema } from "../validate/compile.ts";

/** What can be done with a schema. All arguments and results are JSON, so that it can be done in another thread. */
export const SCHEMA_TASKS = {
  checkSchema: (schema: unknown): FieldError[] => checkSchema(schema),
  checkDescription: (schema: unknown): FieldError[] => checkDescription(schema),
  describe: (schema: unknown): SchemaFacts => {
    const { dataTypes, requiredFields, optionalFields, plainFields } = compileSchema(schema);
    return { dataTypes, requiredFields, optionalFields, plainFields };
  },
  validate: (schema: unknown, data: unknown, basePath: string): DataCheck =>
    compileSchema(schema).validate(data, basePath),
  validateSubmission: (schema: unknown, data: unknown, basePath: string): SubmissionCheck =>
    compileSchema(schema).validateSubmission(data, basePath),
  validateFilled: (schema: unknown, data: unknown, basePath: string): DataCheck =>
    compileSchema(schema).validateFilled(data, basePath),
};

export type SchemaTask = keyof typeof SCHEMA_TASKS;
