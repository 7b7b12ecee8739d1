import type { z } from "zod";
import type { NextAction } from "../../protocol/next-actions.ts";
import { nextForSponsor } from "../../protocol/sponsor-actions.ts";
import type { CampaignView } from "./schema.ts";

type Campaign = Pick<
  z.infer<typeof CampaignView>,
  "campaign_id" | "active" | "budget" | "subsidy_per_call_cents"
>;

/** What a sponsor can do next with a campaign: fund it as long as it can't pay for a call, then see what it brings. */
export function nextAfterCampaign(campaign: Campaign): NextAction[] {
  const { campaign_id: id, budget } = campaign;
  if (!campaign.active) return [nextForSponsor.resumeCampaign(id), nextForSponsor.listAnswers(id)];
  const isShort = budget.remaining_cents < campaign.subsidy_per_call_cents || budget.remaining_cents === 0;
  return [
    ...(isShort ? [nextForSponsor.fundCampaign(id)] : []),
    nextForSponsor.listAnswers(id),
    nextForSponsor.getCampaign(id),
  ];
}
