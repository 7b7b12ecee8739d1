/**
 * Adding money to a budget: by a sponsor's x402 payment to the treasury, or by a credit that the
 * administrator books.
 */
export { payByWallet, readWalletTerms } from "./fund-by-wallet.ts";
export { PayByWalletInput, WalletTermsInput, WalletTermsOutput } from "./wallet-schema.ts";
export { bookCredit } from "./book-credit.ts";
export { fundApi, fundCampaign } from "./fund-budget.ts";
export { BookCreditInput, BookCreditOutput, FundApiInput, FundCampaignInput, FundOutput } from "./schema.ts";
