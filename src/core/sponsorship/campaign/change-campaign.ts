import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { changeUserCaps } from "../../money/budget/index.ts";
import { campaignRegions } from "../../personal-data/phone-regions/index.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import { indexServices, refreshOffers } from "../offer/index.ts";
import { requireFewCampaigns, requireServices } from "./create-campaign.ts";
import { checkHoldback, NO_HOLDBACK } from "./holdback.ts";
import { requireOwnCampaign } from "./own-campaign.ts";
import { toView } from "./rules.ts";
import type { CampaignView, ChangeCampaignInput } from "./schema.ts";
import { eraseVerdictSecret } from "./secret-store.ts";
import { addServices, removeServices, servicesOf } from "./services-store.ts";
import { countCompletions, updateCampaign } from "./store.ts";

/**
 * Changes or pauses a campaign. Payments that are already signed go on.
 * @throws `not_found`, `validation_error`; `inactive` for an archived one. Nothing is changed then
 */
export async function changeCampaign(
  ctx: Pick<Deps, "db" | "sql" | "thesaurus" | "settings" | "compute" | "upstream"> & { actor: SponsorActor },
  input: z.infer<typeof ChangeCampaignInput>,
): Promise<z.infer<typeof CampaignView>> {
  const { db, sql, thesaurus, actor } = ctx;
  const campaign = await requireOwnCampaign(db, input.campaign_id, actor.sponsorId);
  const { id } = campaign;
  const texts = [campaign.name, campaign.description, campaign.requiredTask, campaign.taskDescription];
  const holdback =
    input.holdback === undefined
      ? NO_HOLDBACK
      : await checkHoldback(ctx, input.holdback, campaignRegions(ctx, texts));
  const services = input.service_keys && (await requireServices(db, input.service_keys));
  const subsidyCents = input.subsidy_per_call_cents;
  await sql.transaction(async (tx) => {
    // First, because it locks the campaign: so of several calls at once each applies as a whole.
    const changed = await updateCampaign.count(tx, {
      id,
      active: input.active ?? null,
      name: input.name ?? null,
      description: input.description ?? null,
      target_roles: input.target_roles ?? null,
      target_tools: input.target_tools ?? null,
      subsidy_micros: subsidyCents === undefined ? null : centsToMicros(subsidyCents),
      changes_max_calls: input.max_calls_per_user !== undefined,
      max_calls_per_user: input.max_calls_per_user ?? null,
      estimated_task_duration_seconds: input.estimated_task_duration_seconds ?? null,
      tags: input.tags ?? null,
      changes_holdback: input.holdback !== undefined,
      ...holdback,
    });
    if (changed === 0)
      throw new AppError("inactive", { message: "This campaign is archived and can't be changed." });
    if (input.holdback !== undefined && holdback.holdback_url === null)
      await eraseVerdictSecret.count(tx, { campaign_id: id });
    const before = (await servicesOf.all(tx, { campaign_id: id })).map(({ service_id }) => service_id);
    if (services !== undefined) {
      const own = { sponsorId: actor.sponsorId, campaignId: id };
      await requireFewCampaigns(tx, own, input.service_keys ?? [], services);
      await removeServices.count(tx, { campaign_id: id });
      await addServices.count(tx, { campaign_id: id, service_ids: services.map((service) => service.id) });
    }
    // After the campaign is locked, because runs open users' cap accounts from the campaign. If the cap is
    // removed, the accounts stay as they are: runs no longer use them.
    if (typeof input.max_calls_per_user === "number")
      await changeUserCaps(tx, id, BigInt(input.max_calls_per_user));
    const touched = [...new Set([...before, ...(services ?? []).map((service) => service.id)])];
    await (changesTexts(input) ? indexServices(tx, touched, thesaurus) : refreshOffers(tx, touched));
  });
  const changed = await requireOwnCampaign(db, id, actor.sponsorId);
  return toView(changed, (await countCompletions(db, [id])).get(id) ?? 0);
}

/** Whether what the campaign's services are found by changes. */
const changesTexts = ({ name, tags, active, service_keys }: z.infer<typeof ChangeCampaignInput>): boolean =>
  [name, tags, active, service_keys].some((field) => field !== undefined);
