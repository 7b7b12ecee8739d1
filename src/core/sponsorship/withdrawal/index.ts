/** Sponsors take unspent money out of their budgets. */
export {
  GetWithdrawalInput,
  WithdrawalView,
  WithdrawFromApiInput,
  WithdrawFromCampaignInput,
  WithdrawOutput,
} from "./schema.ts";
export { getWithdrawal, withdrawFromApi, withdrawFromCampaign } from "./withdraw.ts";
