/** Reserving a call's amount in all its accounts at once, and creating its payment. */
export { readCallAllowance, readRemainingBudgets } from "./remaining-store.ts";
export { type PaymentSubject } from "./payment-subject.ts";
export { insertFreeTrial, MOST_TRIALS, reserveTrial, type TrialPayment } from "./trial-store.ts";
export { type Hold, insertFreePayment, reserve } from "./store.ts";
