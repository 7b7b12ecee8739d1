export { getApproval } from "./get-approval.ts";
export { approvalPrompt, openApproval } from "./open-approval.ts";
export { BudgetRequest, DataRequest, GetApprovalInput, GetApprovalOutput, GrantRequest } from "./schema.ts";
export {
  endApprovalsOfAgent,
  endApprovalsOfGrant,
  findApprovedBudget,
  findSignIn,
  findStandingGrant,
  listOpenApprovals,
  lockApproval,
  type LockedApproval,
  recordDecision,
  takeSignIn,
} from "./store.ts";
