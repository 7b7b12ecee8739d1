/** What services are offered for, and how they are found: kept so by the verbs that change services, campaigns and budgets. */
export { countTerms } from "./count-terms.ts";
export { indexOutdated, useTermsVersion } from "./index-outdated.ts";
export { refreshChangedBudgets, repairSlice } from "./repair-offers.ts";
export { indexServices, refreshOffers, refreshOffersOf } from "./update-search.ts";
