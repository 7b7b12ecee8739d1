/** Campaigns: a sponsor's offer to pay for services in exchange for a task. */
export { changeCampaign } from "./change-campaign.ts";
export { createCampaign } from "./create-campaign.ts";
export { getCampaign } from "./get-campaign.ts";
export { listCampaigns } from "./list-campaigns.ts";
export { nextAfterCampaign } from "./next-after-campaign.ts";
export { requireOwnCampaign } from "./own-campaign.ts";
export {
  CampaignDashboard,
  CampaignView,
  ChangeCampaignInput,
  CreateCampaignInput,
  GetCampaignInput,
  ListCampaignsInput,
  ListCampaignsOutput,
} from "./schema.ts";
export { findCampaignForUser } from "./store.ts";
