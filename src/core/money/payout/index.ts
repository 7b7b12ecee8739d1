/** What the treasury owes and sends: budgets that sponsors withdraw, and refunds of direct payments. */
export { attendPayouts } from "./send-due-payouts.ts";
export {
  GetWithdrawalInput,
  WithdrawalView,
  WithdrawFromApiInput,
  WithdrawFromCampaignInput,
  WithdrawOutput,
} from "../../sponsorship/withdrawal/schema.ts";
export { findRefund, oweRefunds } from "./store.ts";
export {
  getWithdrawal,
  withdrawFromApi,
  withdrawFromCampaign,
} from "../../sponsorship/withdrawal/withdraw.ts";
