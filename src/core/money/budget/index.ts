/** Budget accounts: each has a limit, and how much of it is reserved and spent. */
export { toWire as budgetToWire } from "./rules.ts";
export {
  type Account,
  ACCOUNT_FIELDS,
  bookCredit,
  changeUserCaps,
  FUNDED,
  findAccount,
  lockAccounts,
  openAccount,
  sumSpent,
} from "./store.ts";
