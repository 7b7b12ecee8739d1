import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { indexServices } from "../offer/index.ts";
import { requireOwnCampaign } from "./own-campaign.ts";
import { toView } from "./rules.ts";
import type { ArchiveCampaignInput, CampaignView } from "./schema.ts";
import { servicesOf } from "./services-store.ts";
import { archive, countCompletions } from "./store.ts";

/**
 * Archives a campaign for good. It pays for no new calls, and services aren't found by it any more. Open payments are settled as
 * usual; its answers and figures stay, and its budget can be withdrawn. Archiving it again changes nothing.
 * @throws `not_found`, also for another sponsor's campaign
 */
export async function archiveCampaign(
  { db, sql, thesaurus, actor }: Pick<Deps, "db" | "sql" | "thesaurus"> & { actor: SponsorActor },
  input: z.infer<typeof ArchiveCampaignInput>,
): Promise<z.infer<typeof CampaignView>> {
  const { id } = await requireOwnCampaign(db, input.campaign_id, actor.sponsorId);
  await sql.transaction(async (tx) => {
    if ((await archive.count(tx, { id })) === 0) return;
    const services = await servicesOf.all(tx, { campaign_id: id });
    await indexServices(
      tx,
      services.map(({ service_id }) => service_id),
      thesaurus,
    );
  });
  const archived = await requireOwnCampaign(db, id, actor.sponsorId);
  return toView(archived, (await countCompletions(db, [id])).get(id) ?? 0);
}
