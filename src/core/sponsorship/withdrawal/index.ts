/** Withdrawals: a sponsor takes unspent money out of a budget. */
export {
  GetWithdrawalInput,
  LEAST_WITHDRAWAL_CENTS,
  WithdrawalView,
  WithdrawFromApiInput,
  WithdrawFromCampaignInput,
  WithdrawInput,
  WithdrawOutput,
} from "./schema.ts";
export { getWithdrawal, withdrawBudget, withdrawFromApi, withdrawFromCampaign } from "./withdraw.ts";
