import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { invalidField } from "../../protocol/errors.ts";
import { createCampaign } from "./create-campaign.ts";
import { viewHoldback } from "./holdback.ts";
import { requireOwnCampaign } from "./own-campaign.ts";
import type { CampaignView, CopyCampaignInput } from "./schema.ts";
import { findServices } from "./services-store.ts";

const MOST_NAME = 100;
const MARK = " (copy)";

/**
 * Copies a campaign: its offer, its task and who accepts answers, and neither its money nor its answers, nor the secret of a holdback
 * webhook. The copy starts paused. Services that were archived since are left out.
 * @returns the copy, and whether an earlier call with the same idempotency key made it
 * @throws `not_found`, also for another sponsor's campaign; `validation_error` if none of its services is left, or its task
 *   wouldn't be allowed today; `idempotency_conflict`
 */
export async function copyCampaign(
  ctx: Pick<
    Deps,
    "db" | "sql" | "cipher" | "networks" | "settings" | "compute" | "thesaurus" | "upstream"
  > & {
    actor: SponsorActor;
  },
  input: z.infer<typeof CopyCampaignInput>,
): Promise<{ campaign: z.infer<typeof CampaignView>; replayed: boolean }> {
  const original = await requireOwnCampaign(ctx.db, input.campaign_id, ctx.actor.sponsorId);
  const keys = original.services.map(({ sponsoredApi }) => sponsoredApi.serviceKey);
  const services = await findServices(ctx.db, keys);
  if (services.length === 0)
    throw invalidField("/campaign_id", "all services of this campaign are archived", "exists");
  return createCampaign(ctx, {
    name: input.name ?? nameOfCopy(original.name),
    description: original.description,
    service_keys: services.map(({ serviceKey }) => serviceKey),
    target_roles: original.targetRoles,
    target_tools: original.targetTools,
    required_task: original.requiredTask,
    task_type: original.taskType,
    task_description: original.taskDescription,
    task_schema: original.taskSchema as Record<string, unknown>,
    purpose: original.purpose,
    retention_days: original.retentionDays,
    subsidy_per_call_cents: microsToCents(original.subsidyMicros),
    ...(original.maxCallsPerUser !== null && { max_calls_per_user: original.maxCallsPerUser }),
    ...(original.taskDurationSeconds !== null && {
      estimated_task_duration_seconds: original.taskDurationSeconds,
    }),
    tags: original.tags,
    holdback: viewHoldback(original),
    active: false,
    idempotency_key: input.idempotency_key,
  });
}

const nameOfCopy = (name: string): string =>
  name.endsWith(MARK) ? name : `${name.slice(0, MOST_NAME - MARK.length)}${MARK}`;
