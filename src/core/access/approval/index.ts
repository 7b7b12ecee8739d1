export { getApproval } from "./get-approval.ts";
export { listApprovals } from "./list-approvals.ts";
export { approvalPrompt, openApproval } from "./open-approval.ts";
export {
  BudgetRequest,
  DataRequest,
  GetApprovalInput,
  GetApprovalOutput,
  GrantRequest,
  ListApprovalsInput,
  ListApprovalsOutput,
} from "./schema.ts";
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
