/**
 * Schemas that sponsors register for tasks and service inputs, and the data that agents submit to them.
 *
 * A schema is checked in four looks, each resting on the one before: JSON at all (`checkJson`), known keywords
 * (`checkStructure`), references that end (`checkReferences`), everything described, closed and marked as
 * personal (`checkDescription`). Data is measured, validated by Ajv, and then walked once to find the data
 * types in it and whatever looks personal without being asked for (`DataInspector`).
 */
export { checkSchema } from "./check/check-schema.ts";
export { compileSchema, type CompiledSchema } from "./validate/compile.ts";
export { replaceReferences, type VaultReference } from "./validate/vault-references.ts";
