/**
 * The vault: a user's stored personal data. Agents never see it. An agent submits `{"$vault": "email"}`, and the
 * server puts the stored value in its place if scope and consent allow the transfer (R6.2).
 */
export { listOwnItems } from "./own-items.ts";
export { listOwnData, putOwnItem } from "./own-data.ts";
export { asText } from "./rules.ts";
export { putVaultItem } from "./put-item.ts";
export { requireStored, resolveReferences } from "./resolve.ts";
export { sourcesOf, type Sources, Source } from "./sources.ts";
export { ListOwnDataOutput, PutOwnItemInput, PutVaultItemInput, PutVaultItemOutput } from "./schema.ts";
export { storedDataTypes } from "./store.ts";
export { eraseItemsOfUser } from "./erase-store.ts";
export { exportUses } from "./export-store.ts";
