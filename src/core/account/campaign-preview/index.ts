/** What agents and people would get of a draft of a campaign. */
export { previewCampaign } from "./preview-campaign.ts";
export { AgentsView, CampaignPreviewOutput, PreviewCampaignInput } from "./schema.ts";
