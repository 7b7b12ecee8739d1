/** What the treasury owes and sends: budgets that sponsors withdraw, and refunds of direct payments. */
export { attendPayouts } from "./send-due-payouts.ts";
export { findRefund, findWithdrawal, oweRefunds, oweWithdrawal, type PayoutRow } from "./store.ts";
