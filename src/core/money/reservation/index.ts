/** Reserving a call's amount in all its accounts at once, and creating its payment. */
export {
  findApprovedBudget,
  type Hold,
  insertFreePayment,
  openUserCap,
  type PaymentSubject,
  readRemainingBudgets,
  reserve,
} from "./store.ts";
