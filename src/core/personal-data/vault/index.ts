/**
 * A user's stored personal data. Agents never see it: they submit `{"$vault": "email"}`, and the value takes its
 * place when scope and consent allow the transfer (R6.2).
 */
export { putVaultItem } from "./put-item.ts";
export { requireStored, resolveReferences } from "./resolve.ts";
export { sourcesOf, type Sources, Source } from "./sources.ts";
export { PutVaultItemInput, PutVaultItemOutput } from "./schema.ts";
export { storedDataTypes } from "./store.ts";
