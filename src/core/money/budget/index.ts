/** Budget accounts: each has a limit, and how much of it is reserved and spent. */
export { bookCredit, sumSpent } from "./credit-store.ts";
export { BUDGET_STATES, budgetState, toWire as budgetToWire } from "./rules.ts";
export {
  type Account,
  ACCOUNT_FIELDS,
  adoptNetwork,
  changeUserCaps,
  findAccount,
  holdAmounts,
  lockAccounts,
  openFundedAccount,
  openTreasuryDay,
  openUserCap,
  setGrantLimit,
} from "./store.ts";
