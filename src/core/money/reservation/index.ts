/** Reserving a call's amount in all its accounts at once, and creating its payment. */
export { type Cap, type Reservation } from "./admission.ts";
export { readCallAllowance, readRemainingBudgets } from "./remaining-store.ts";
export { type PaymentSubject } from "./payment-subject.ts";
export { reserve } from "./reserve.ts";
export { insertFreePayment } from "./store.ts";
export { insertFreeTrial, MOST_TRIALS, reserveTrial, type TrialPayment } from "./trial-store.ts";
