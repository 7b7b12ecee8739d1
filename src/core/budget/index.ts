export { toWire as budgetToWire } from "./rules.ts";
export { type Account, bookCredit, FUNDED, findAccount, insertFundedAccount, sumSpent } from "./store.ts";
