import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { requireServices } from "./create-campaign.ts";
import { requireOwnCampaign } from "./own-campaign.ts";
import { toView } from "./rules.ts";
import type { CampaignView, ChangeCampaignInput } from "./schema.ts";
import { changeUserCaps, countCompletions, updateCampaign } from "./store.ts";

/**
 * Changes or pauses a campaign. Payments that are already signed go on.
 * @throws `not_found`, `validation_error`
 */
export async function changeCampaign(
  { db, actor }: Pick<Deps, "db"> & { actor: SponsorActor },
  input: z.infer<typeof ChangeCampaignInput>,
): Promise<z.infer<typeof CampaignView>> {
  const { id } = await requireOwnCampaign(db, input.campaign_id, actor.sponsorId);
  const services = input.service_keys && (await requireServices(db, input.service_keys));
  const changes = {
    ...(input.active !== undefined && { active: input.active }),
    ...(input.name !== undefined && { name: input.name }),
    ...(input.description !== undefined && { description: input.description }),
    ...(input.target_roles !== undefined && { targetRoles: input.target_roles }),
    ...(input.target_tools !== undefined && { targetTools: input.target_tools }),
    ...(input.subsidy_per_call_cents !== undefined && {
      subsidyMicros: centsToMicros(input.subsidy_per_call_cents),
    }),
    ...(input.max_calls_per_user !== undefined && { maxCallsPerUser: input.max_calls_per_user }),
    ...(input.estimated_task_duration_seconds !== undefined && {
      taskDurationSeconds: input.estimated_task_duration_seconds,
    }),
    ...(input.tags !== undefined && { tags: input.tags }),
  };
  const changed = await db.$transaction(async (tx) => {
    const serviceIds = services?.map((service) => service.id);
    const updated = await updateCampaign(tx, id, changes, serviceIds);
    // After the campaign is locked, because runs open users' cap accounts from the campaign. If the cap is
    // removed, the accounts stay as they are: runs no longer use them.
    if (typeof input.max_calls_per_user === "number")
      await changeUserCaps(tx, id, BigInt(input.max_calls_per_user));
    return updated;
  });
  return toView(changed, (await countCompletions(db, [id])).get(id) ?? 0);
}
