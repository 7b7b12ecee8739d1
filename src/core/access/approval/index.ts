export { decideApproval } from "./decide-approval.ts";
export { getApproval } from "./get-approval.ts";
export { approvalPrompt, openApproval } from "./open-approval.ts";
export {
  DecideApprovalInput,
  DecideApprovalOutput,
  GetApprovalInput,
  GetApprovalOutput,
  GrantRequest,
} from "./schema.ts";
export { findApprovedBudget, findSignIn, listOpenApprovals, takeSignIn } from "./store.ts";
