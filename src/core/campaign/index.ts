export { createCampaign } from "./create-campaign.ts";
export { changeCampaign, getCampaign } from "./manage-campaign.ts";
export { CampaignView, ChangeCampaignInput, CreateCampaignInput, GetCampaignInput } from "./schema.ts";
export { findCampaignForUser, findCampaignOfSponsor } from "./store.ts";
