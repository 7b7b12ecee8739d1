/** Withdrawals: a sponsor takes unspent money out of a budget. */
export {
  GetWithdrawalInput,
  WithdrawalView,
  WithdrawFromApiInput,
  WithdrawFromCampaignInput,
  WithdrawOutput,
} from "./schema.ts";
export { getWithdrawal, withdrawFromApi, withdrawFromCampaign } from "./withdraw.ts";
