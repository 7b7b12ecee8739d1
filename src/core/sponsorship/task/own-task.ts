import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import { consentsOfCompletion } from "../../personal-data/consent/index.ts";
import { describeSchema, validateData } from "../../personal-data/data-schema/index.ts";
import { callRegions } from "../../personal-data/phone-regions/index.ts";
import { listOwnItems, sourcesOf } from "../../personal-data/vault/index.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { findCampaignForUser } from "../campaign/index.ts";
import { notEligible } from "./get-task.ts";
import { judgeByRule, rejectedByRule } from "./judge-by-rule.ts";
import { reviewOf } from "./review.ts";
import { encryptAnswers, toOwnTask } from "./rules.ts";
import type { AnswerOwnTaskInput, AnswerOwnTaskOutput, GetTaskInput, OwnTaskOutput } from "./schema.ts";
import { findCompletedAt, insertCompletion, listPayableServices } from "./store.ts";

type Context = Pick<Deps, "db" | "sql" | "log" | "cipher" | "settings" | "compute"> & { actor: UserActor };
type Campaign = NonNullable<Awaited<ReturnType<typeof findCampaignForUser>>>;

/**
 * Returns a campaign's task for the eyes of its user: in the sponsor's words, with what the user has stored.
 * @throws `not_found`, `inactive`, `not_eligible`
 */
export async function readOwnTask(
  ctx: Context & Pick<Deps, "tally">,
  input: z.infer<typeof GetTaskInput>,
): Promise<z.infer<typeof OwnTaskOutput>> {
  const campaign = await requireOwnCampaign(ctx, input.campaign_id);
  if (campaign.completionId === null) ctx.tally.count("opened", [campaign.id]);
  const { dataTypes } = await describeSchema(ctx, campaign.taskSchema);
  const [{ items }, services, completedAt] = await Promise.all([
    listOwnItems(ctx),
    listPayableServices(ctx.db, campaign.id, ctx.actor.userId),
    findCompletedAt(ctx.db, campaign.completionId),
  ]);
  return {
    ...toOwnTask(campaign),
    stored: items
      .filter(({ data_type }) => dataTypes.all.includes(data_type))
      .map(({ data_type, value }) => ({ data_type, value })),
    pays_for: services.map(({ serviceKey }) => serviceKey),
    completed_at: completedAt?.toISOString() ?? null,
    review: reviewOf(campaign),
  };
}

/**
 * Accepts the answers of the user themselves, as `completeTask` does those of their agent. Sending them is the consent: the page
 * says to whom they go, what for and for how long. It needs no agent and no grant, and serves all agents of the user.
 * @throws `answer_rejected`, `validation_error`, `not_found`, `inactive`, `not_eligible`
 */
export async function answerOwnTask(
  ctx: Context,
  { campaign_id, task_data, contact_permission }: z.infer<typeof AnswerOwnTaskInput>,
): Promise<z.infer<typeof AnswerOwnTaskOutput>> {
  const { userId } = ctx.actor;
  const campaign = await requireOwnCampaign(ctx, campaign_id);
  if (campaign.completionId !== null)
    return {
      task_completion_id: campaign.completionId,
      already_completed: true,
      review: reviewOf(campaign),
    };

  const { name, description, requiredTask, taskDescription } = campaign;
  const regions = await callRegions(ctx, [name, description, requiredTask, taskDescription]);
  const checked = await validateData(ctx, campaign.taskSchema, {
    ...{ data: task_data, basePath: "/task_data", regions },
  });
  if (!checked.ok)
    throw new AppError("validation_error", {
      message: "The answers don't match the task's schema.",
      fieldErrors: checked.errors,
    });

  const byRule = await judgeByRule(ctx, campaign, { data: task_data, regions });
  const isRejected = byRule === "reject";
  const id = randomUUID();
  const isStored = await insertCompletion(
    ctx.sql,
    {
      ...{ id, campaign_id: campaign.id, user_id: userId, task_name: requiredTask },
      details: isRejected ? null : encryptAnswers(ctx.cipher, id, task_data),
      data_types: checked.dataTypes,
      sources: sourcesOf(task_data, [], "user"),
      execution_mode: "human",
      session_id: null,
      by_rule: byRule,
    },
    consentsOfCompletion(checked.dataTypes, campaign, { contact_permission }),
  );
  if (isStored && isRejected) throw rejectedByRule(campaign);
  if (isStored)
    ctx.log.info({ event: "task_answered", campaign_id: campaign.id }, "task answered by its user");
  // Unless it was stored, an agent of the user, or another window, completed it at the same moment.
  const current = await findCampaignForUser(ctx.db, campaign.id, userId);
  const standing = current?.completionId ?? (isStored ? id : undefined);
  if (current === undefined || standing === undefined) throw notFound("campaign");
  return { task_completion_id: standing, already_completed: !isStored, review: reviewOf(current) };
}

/** @throws `not_found`, `inactive`, `not_eligible` */
async function requireOwnCampaign({ db, actor }: Context, campaignId: string): Promise<Campaign> {
  const campaign = await findCampaignForUser(db, requireId(campaignId, "campaign"), actor.userId);
  if (campaign === undefined) throw notFound("campaign");
  // What was completed can be looked at, whatever has become of the campaign.
  if (campaign.completionId !== null) return campaign;
  if (!campaign.active) throw new AppError("inactive", { message: "This campaign is paused." });
  if (!campaign.eligible) throw notEligible(campaign);
  return campaign;
}
