export { apiDashboard } from "./api-dashboard.ts";
export { campaignDashboard } from "./campaign-dashboard.ts";
export { resolvePeriod } from "./rules.ts";
export { ApiStatistics, CampaignStatistics, Period } from "./schema.ts";
