export {
  insertFree,
  type PaymentSubject,
  remainingBudgets,
  type Hold,
  findApprovedBudget,
  openUserCap,
  reserve,
} from "./store.ts";
