export { askForBudget, askUser, type Asked, type AskedAbout, type LackingMoney } from "./ask-user.ts";
export { getApproval } from "./get-approval.ts";
export { listApprovals } from "./list-approvals.ts";
export { approvalPrompt, MOST_WRONG_CODES, openApproval, userCodeOf } from "./open-approval.ts";
export {
  ApprovalKind,
  BudgetRequest,
  CombinedRequest,
  DataRequest,
  GetApprovalInput,
  GetApprovalOutput,
  GrantRequest,
  ListApprovalsInput,
  ListApprovalsOutput,
  OPEN_REQUEST,
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
export { endEarlierQuestions, findAnswer } from "./answer-store.ts";
export { exportApprovals } from "./export-store.ts";
export { eraseApprovals, shareUserOfApproval } from "./erase-store.ts";
