export { apiFigures } from "./api-figures.ts";
export { campaignFigures } from "./campaign-figures.ts";
export { resolvePeriod } from "./rules.ts";
export { ApiFigures, CampaignFigures, Period } from "./schema.ts";
