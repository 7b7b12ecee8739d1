export { checkSchema } from "./check-schema.ts";
export { compileSchema, type CompiledSchema } from "./compile.ts";
export { DATA_TYPES, isDataType, type DataType } from "./data-types.ts";
