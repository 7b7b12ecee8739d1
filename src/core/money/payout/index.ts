/** What the treasury owes and sends: budgets that sponsors withdraw, and refunds of direct payments. */
export { sendDuePayouts } from "./send-due-payouts.ts";
export { findRefund, findWithdrawal, recordRefunds, recordWithdrawal, type PayoutRow } from "./store.ts";
