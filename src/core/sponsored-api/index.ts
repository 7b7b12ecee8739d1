export { changeApi, getApi } from "./manage-api.ts";
export { registerApi } from "./register-api.ts";
export { expectedCost } from "./rules.ts";
export { ApiView, ChangeApiInput, GetApiInput, RegisterApiInput } from "./schema.ts";
export { type ApiRow, findApi, findApiOfSponsor, moveUpstream, openBudget, recordQuote } from "./store.ts";
export { buildUpstreamRequest } from "./upstream-request.ts";
