export { toWire as budgetToWire } from "./rules.ts";
export { type Account, bookCredit, findAccount, insertFundedAccount, sumSpent } from "./store.ts";
