/** Descriptions that others wrote of their APIs, read as what registers a service: OpenAPI documents, and schemas of sellers. */
export { keyOf } from "./operations.ts";
export { listDocumentOperations, readDocumentOperation, readSellersSchema } from "./read-document.ts";
export {
  ListOperationsInput,
  ListOperationsOutput,
  ReadOperationInput,
  ReadOperationOutput,
} from "./schema.ts";
export { DESCRIPTION_TASKS } from "./tasks.ts";
