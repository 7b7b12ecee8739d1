import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { PAGE_SIZE } from "../../protocol/fields.ts";
import { toListedView } from "./rules.ts";
import type { ListCampaignsInput, ListCampaignsOutput } from "./schema.ts";
import { countCampaigns, countCompletions, listCampaignsOfSponsor } from "./store.ts";

/** Lists a sponsor's own campaigns, newest first, without their tasks. */
export async function listCampaigns(
  { db, actor }: Pick<Deps, "db"> & { actor: SponsorActor },
  { offset = 0, limit = PAGE_SIZE }: z.infer<typeof ListCampaignsInput>,
): Promise<z.infer<typeof ListCampaignsOutput>> {
  const [campaigns, total] = await Promise.all([
    listCampaignsOfSponsor(db, actor.sponsorId, offset, limit),
    countCampaigns(db, actor.sponsorId),
  ]);
  const completions = await countCompletions(
    db,
    campaigns.map(({ id }) => id),
  );
  return {
    campaigns: campaigns.map((campaign) => toListedView(campaign, completions.get(campaign.id) ?? 0)),
    total_count: total,
    offset,
    limit,
  };
}
