/** Sponsors pay for their budgets: x402, to the treasury. */
export { fundApi, fundCampaign } from "./fund-budget.ts";
export { FundApiInput, FundCampaignInput, FundOutput } from "./schema.ts";
