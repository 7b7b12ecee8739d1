/** Reserving a call's amount in all its accounts at once, and creating its payment. */
export { readCallAllowance, readRemainingBudgets } from "./remaining-store.ts";
export { type Hold, insertFreePayment, type PaymentSubject, reserve } from "./store.ts";
