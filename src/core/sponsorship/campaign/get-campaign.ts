import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { campaignDashboard, resolvePeriod } from "../dashboard/index.ts";
import { requireOwnCampaign } from "./own-campaign.ts";
import { toView } from "./rules.ts";
import type { CampaignDashboard, GetCampaignInput } from "./schema.ts";

/**
 * Returns a campaign with its figures (R11.3).
 * @throws `not_found`, and `validation_error` for an invalid period
 */
export async function getCampaign(
  { db, sql, actor }: Pick<Deps, "db" | "sql"> & { actor: SponsorActor },
  input: z.infer<typeof GetCampaignInput>,
): Promise<z.infer<typeof CampaignDashboard>> {
  const period = resolvePeriod(input, new Date());
  const campaign = await requireOwnCampaign(db, input.campaign_id, actor.sponsorId);
  const figures = await campaignDashboard({ sql }, campaign.id, period);
  return { ...toView(campaign, figures.completions.standing), figures };
}
