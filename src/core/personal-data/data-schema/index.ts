/**
 * JSON Schemas that sponsors register for tasks and service inputs, and the data that agents submit for them.
 *
 * `checkSchema` checks a schema in four steps. Each step relies on the steps before it:
 * 1. `checkJson`: it is JSON of bounded size and depth.
 * 2. `readKeywords`: all keywords are known. The result is a copy without annotations.
 * 3. `checkReferences`: every `$ref` ends.
 * 4. `checkCompleteness`: every value is described, every object is closed, personal data is marked.
 *
 * `compileSchema` prepares a checked schema for data. Data is measured, validated by Ajv, and then scanned:
 * `createInspector` finds the data types in it, and text that looks like personal data without being marked.
 *
 * Large schemas and data would hold up the thread that answers requests. So each of the door's functions estimates its
 * work first (`work/estimate.ts`), and does more than a little in the compute thread (`work/perform.ts`).
 */
export type { SchemaFacts } from "./validate/compile.ts";
export { replaceReferences, type VaultReference } from "./validate/vault-references.ts";
export type { CheckContext } from "./work/perform.ts";
export {
  checkDescription,
  checkSchema,
  describeSchema,
  validateData,
  validateFilled,
  validateSubmission,
} from "./work/perform.ts";
export { suggestDataType } from "./check/expected-data-types.ts";
export { SCHEMA_TASKS } from "./work/tasks.ts";
