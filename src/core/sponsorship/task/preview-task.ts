import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { describeSchema } from "../../personal-data/data-schema/index.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import type { Draft } from "../campaign/index.ts";
import { checkDraft, DEFAULT_RETENTION_DAYS } from "../campaign/index.ts";
import { nameOfSponsor } from "../sponsor/index.ts";
import { toAgentsTask, toOwnTask } from "./rules.ts";
import type { GetTaskOutput, OwnTaskOutput } from "./schema.ts";

/** Stands where the id of a campaign will stand that isn't there yet. */
const NO_ID = "00000000-0000-0000-0000-000000000000";

/**
 * Shows the task of a draft as an agent and as a person would get it, who have stored nothing. It holds nobody's data.
 * @throws `validation_error` as creating the campaign would
 */
export async function previewTask(
  ctx: Pick<Deps, "db" | "networks" | "settings" | "compute" | "upstream"> & { actor: SponsorActor },
  draft: Draft,
): Promise<{ agent: z.infer<typeof GetTaskOutput>; person: z.infer<typeof OwnTaskOutput> }> {
  const { services, holdback } = await checkDraft(ctx, draft);
  const campaign = {
    id: NO_ID,
    name: draft.name,
    sponsorName: await nameOfSponsor(ctx.db, ctx.actor.sponsorId),
    requiredTask: draft.required_task,
    taskType: draft.task_type,
    taskDescription: draft.task_description,
    purpose: draft.purpose ?? draft.required_task,
    retentionDays: draft.retention_days ?? DEFAULT_RETENTION_DAYS,
    taskSchema: draft.task_schema,
    subsidyMicros: centsToMicros(draft.subsidy_per_call_cents),
    holdback: holdback.holdback,
    holdbackSeconds: holdback.holdback_seconds,
  };
  const { publicBaseUrl } = ctx.settings;
  return {
    agent: toAgentsTask(campaign, await describeSchema(ctx, draft.task_schema), {
      ...{ stored: [], alreadyCompleted: false, publicBaseUrl, review: null },
    }),
    person: {
      ...toOwnTask(campaign),
      ...{
        stored: [],
        pays_for: services.map(({ serviceKey }) => serviceKey),
        completed_at: null,
        review: null,
      },
    },
  };
}
