/**
 * Sponsored APIs: upstream endpoints that agents can run, and the terms to which their payments are pinned.
 */
export { archiveApi } from "./archive-api.ts";
export { changeApi } from "./change-api.ts";
export { getApi } from "./get-api.ts";
export { getHealth } from "./get-health.ts";
export { inspectUpstream } from "./inspect-upstream.ts";
export { listApis } from "./list-apis.ts";
export { nextAfterApi } from "./next-after-api.ts";
export { recordQuote } from "./record-quote.ts";
export { registerApi } from "./register-api.ts";
export { checkPathInput } from "./path-parameters.ts";
export { inactiveService, invalidRunInput } from "./rules.ts";
export {
  ApiDashboard,
  ApiView,
  ArchiveApiInput,
  ChangeApiInput,
  GetApiInput,
  InspectUpstreamInput,
  InspectUpstreamOutput,
  ListApisInput,
  ListApisOutput,
  RegisterApiInput,
} from "./schema.ts";
export { listPaidApis, listPaidKeys, type PaidApi } from "./paid-apis-store.ts";
export {
  archiveApisOf,
  type ApiRow,
  findApi,
  findApiOfSponsor,
  linkBudget,
  lockBudget,
  moveUpstream,
} from "./store.ts";
export { payersPaused, payersPausedError, requirePayersUnpaused } from "./unsettled.ts";
export { buildUpstreamRequest } from "./upstream-request.ts";
