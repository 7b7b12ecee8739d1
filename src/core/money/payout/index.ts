/** Payouts that the treasury owes and sends: withdrawals of sponsors, and refunds of direct payments. */
export { sendDuePayouts } from "./send-due-payouts.ts";
export { findRefund, findWithdrawal, recordRefunds, recordWithdrawal, type PayoutRow } from "./store.ts";
