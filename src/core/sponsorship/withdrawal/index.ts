/** Withdrawals: a sponsor takes unspent money out of a budget. */
export {
  GetWithdrawalInput,
  WithdrawalView,
  WithdrawFromApiInput,
  WithdrawFromCampaignInput,
  WithdrawInput,
  WithdrawOutput,
} from "./schema.ts";
export { getWithdrawal, withdrawBudget, withdrawFromApi, withdrawFromCampaign } from "./withdraw.ts";
