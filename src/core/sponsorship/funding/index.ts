/**
 * Adding money to a budget: by a sponsor's x402 payment to the treasury, or by a credit that the
 * administrator books.
 */
export { bookCredit } from "./book-credit.ts";
export { fundApi, fundCampaign } from "./fund-budget.ts";
export { BookCreditInput, BookCreditOutput, FundApiInput, FundCampaignInput, FundOutput } from "./schema.ts";
