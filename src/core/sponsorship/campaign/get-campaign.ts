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
  ctx: Pick<Deps, "db" | "sql" | "histories"> & { actor: SponsorActor },
  input: z.infer<typeof GetCampaignInput>,
): Promise<z.infer<typeof CampaignDashboard>> {
  const period = resolvePeriod(input, new Date());
  const campaign = await requireOwnCampaign(ctx.db, input.campaign_id, ctx.actor.sponsorId);
  const figures = await campaignDashboard(ctx, campaign.id, period);
  return { ...toView(campaign, figures.completions.standing), figures };
}
