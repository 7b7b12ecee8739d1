/** Reserving a call's amount in all its accounts at once, and creating its payment. */
export { type Hold, insertFreePayment, type PaymentSubject, readRemainingBudgets, reserve } from "./store.ts";
