export { toWire as budgetToWire } from "./rules.ts";
export {
  type Account,
  bookCredit,
  FUNDED,
  findAccount,
  insertFundedAccount,
  lockAccounts,
  sumSpent,
} from "./store.ts";
