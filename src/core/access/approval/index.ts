export { decideApproval } from "./decide-approval.ts";
export { getApproval } from "./get-approval.ts";
export { approvalPrompt, openApproval } from "./open-approval.ts";
export { DecideApprovalInput, DecideApprovalOutput, GetApprovalInput, GetApprovalOutput } from "./schema.ts";
export { findSignIn, listOpenApprovals, takeSignIn } from "./store.ts";
export { findApprovedBudget } from "./store.ts";
