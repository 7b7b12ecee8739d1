/** Campaigns: a sponsor's offer to pay for services in exchange for a task. */
export { archiveCampaign } from "./archive-campaign.ts";
export { changeCampaign } from "./change-campaign.ts";
export { copyCampaign } from "./copy-campaign.ts";
export { countReach } from "./count-reach.ts";
export { checkDraft, createCampaign, type Draft } from "./create-campaign.ts";
export { getCampaign } from "./get-campaign.ts";
export { rotateVerdictSecret } from "./rotate-verdict-secret.ts";
export { eraseVerdictSecretsOf } from "./secret-store.ts";
export { listCampaigns } from "./list-campaigns.ts";
export { nextAfterCampaign } from "./next-after-campaign.ts";
export { requireOwnCampaign } from "./own-campaign.ts";
export {
  ArchiveCampaignInput,
  CampaignDashboard,
  CampaignView,
  ChangeCampaignInput,
  CopyCampaignInput,
  CountReachInput,
  CountReachOutput,
  CreateCampaignInput,
  GetCampaignInput,
  ListCampaignsInput,
  ListCampaignsOutput,
  NewVerdictSecretOutput,
  RotateVerdictSecretInput,
} from "./schema.ts";
export { DEFAULT_RETENTION_DAYS } from "./schema.ts";
export { findOfferedServices, type OfferedService } from "./offered-services.ts";
export { archiveCampaignsOf, findCampaignForUser } from "./store.ts";
