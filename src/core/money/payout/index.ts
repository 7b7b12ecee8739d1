/** Payouts that the treasury owes and sends: withdrawals of sponsors, and refunds of direct payments. */
export { type DuePayout, takePayouts } from "./send-due-payouts.ts";
export { findRefund, findWithdrawal, type PayoutKind, type PayoutRow, recordRefunds } from "./store.ts";
export { recordWithdrawal } from "./withdrawal-store.ts";
