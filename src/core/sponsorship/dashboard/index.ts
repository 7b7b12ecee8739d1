/** Figures for sponsors: calls, spend and completions of a campaign or an API, in all and day by day. */
export { apiDashboard } from "./api-dashboard.ts";
export { campaignDashboard } from "./campaign-dashboard.ts";
export { apiHealth } from "./api-health.ts";
export { resolvePeriod } from "./rules.ts";
export { ApiHealthOutput, ApiStatistics, CampaignStatistics, Period } from "./schema.ts";
