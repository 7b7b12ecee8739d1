export { decideApproval } from "./decide-approval.ts";
export { getApproval } from "./get-approval.ts";
export { openApproval } from "./open-approval.ts";
export {
  ApprovalKind,
  DecideApprovalInput,
  DecideApprovalOutput,
  GetApprovalInput,
  GetApprovalOutput,
  OpenApproval,
} from "./schema.ts";
export { listOpenApprovals } from "./store.ts";
