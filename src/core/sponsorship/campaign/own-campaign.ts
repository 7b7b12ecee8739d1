import type { Queries } from "../../ports/database.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { CampaignDetails } from "./store.ts";
import { findCampaignOfSponsor } from "./store.ts";

/** Returns a sponsor's own campaign. @throws `not_found`, also for another sponsor's campaign */
export async function requireOwnCampaign(
  db: Queries,
  campaignId: string,
  sponsorId: string,
): Promise<CampaignDetails> {
  const campaign = await findCampaignOfSponsor(db, requireId(campaignId, "campaign"), sponsorId);
  if (campaign === undefined) throw notFound("campaign");
  return campaign;
}
