export { getApproval } from "./get-approval.ts";
export { listApprovals } from "./list-approvals.ts";
export { approvalPrompt, MOST_WRONG_CODES, openApproval, userCodeOf } from "./open-approval.ts";
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
  bindToUser,
  countWrongCode,
  endApprovalsOfAgent,
  endApprovalsOfGrant,
  findApprovedBudget,
  findSignIn,
  findStandingGrant,
  listOpenApprovals,
  lockApproval,
  type ApprovalRow,
  type LockedApproval,
  recordDecision,
  takeSignIn,
} from "./store.ts";
