export { apiFigures } from "./api-dashboard.ts";
export { campaignFigures } from "./campaign-dashboard.ts";
export { resolvePeriod } from "./rules.ts";
export { ApiFigures, CampaignFigures, Period } from "./schema.ts";
