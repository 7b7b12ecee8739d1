import type { z } from "zod";
import { requirePermission } from "../../access/permission/index.ts";
import { recordSelection } from "../../access/session/index.ts";
import type { Deps, SessionActor } from "../../context.ts";
import { describeSchema } from "../../personal-data/data-schema/index.ts";
import { storedDataTypes } from "../../personal-data/vault/index.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import { findCampaignForUser } from "../campaign/index.ts";
import type { Answered } from "./review.ts";
import { nextWhileHeld, reviewOf } from "./review.ts";
import { toAgentsTask } from "./rules.ts";
import type { GetTaskInput, GetTaskOutput } from "./schema.ts";
import { findInputSchemas, listPayableServices } from "./store.ts";

/** Services suggested after a completed task. */
const MAX_SERVICES = 5;

type Context = Pick<Deps, "db" | "sql" | "log" | "cipher" | "limiter" | "settings" | "compute"> & {
  actor: SessionActor;
};
/** A campaign that is open to the session's user. */
export type OpenCampaign = NonNullable<Awaited<ReturnType<typeof findCampaignForUser>>>;

/** Returns a campaign's task. @throws `not_found`, `inactive`, `not_eligible`, `scope_violation` */
export async function getTask(
  ctx: Context & Pick<Deps, "tally">,
  input: z.infer<typeof GetTaskInput>,
): Promise<{ data: z.infer<typeof GetTaskOutput>; nextActions: NextAction[] }> {
  const campaign = await requireOpenCampaign(ctx, input.campaign_id);
  await recordSelection(ctx.db, ctx.actor.sessionId, campaign.id);
  if (campaign.completionId === null) ctx.tally.count("opened", [campaign.id]);

  const taskSchema = campaign.taskSchema as Record<string, unknown>;
  const facts = await describeSchema(ctx, taskSchema);
  const { scopes, grantScopes } = ctx.actor;
  const permitted = facts.dataTypes.all.filter(
    (type) => scopes.dataTypes.includes(type) && grantScopes.dataTypes.includes(type),
  );
  const alreadyCompleted = campaign.completionId !== null;
  const stored = await storedDataTypes(ctx.db, ctx.actor.userId, permitted);
  return {
    data: toAgentsTask(campaign, facts, {
      ...{ stored, alreadyCompleted, publicBaseUrl: ctx.settings.publicBaseUrl, review: reviewOf(campaign) },
    }),
    nextActions: alreadyCompleted
      ? await nextAfterAnswer(ctx, campaign)
      : [next.completeTask(campaign.id, taskSchema), next.searchServices()],
  };
}

/**
 * Returns the campaign, if it is open to this session's user and its task type is in scope.
 * @param dryRun don't count a missing scope as a violation
 * @throws `not_found`, `inactive`, `not_eligible`, `scope_violation`
 */
export async function requireOpenCampaign(
  ctx: Context,
  campaignId: string,
  dryRun = false,
): Promise<OpenCampaign> {
  const campaign = await findCampaignForUser(ctx.db, requireId(campaignId, "campaign"), ctx.actor.userId);
  if (campaign === undefined) throw notFound("campaign");
  const nextActions = [next.searchServices()];
  if (!campaign.active) throw new AppError("inactive", { message: "This campaign is paused.", nextActions });
  if (!campaign.eligible) throw notEligible(campaign, nextActions);
  // A completed task needs no scope, because it asks for nothing more (R4.5).
  if (campaign.completionId === null && !ctx.actor.scopes.taskTypes.includes(campaign.taskType))
    await refuseTaskType(ctx, campaign, dryRun);
  return campaign;
}

/** @param nextActions what to do instead */
export function notEligible({ answer, rejections }: Answered, nextActions: NextAction[] = []): AppError {
  const isOverTried = answer?.stands === true && answer.state === "rejected";
  return new AppError("not_eligible", {
    ...(isOverTried && {
      message: `The sponsor has rejected ${rejections} answers of this user, and takes no more of them.`,
    }),
    nextActions,
  });
}

/** The next actions after answers that stand: wait while they are held back, else run what the campaign pays for. */
export const nextAfterAnswer = (
  ctx: Pick<Context, "db" | "actor">,
  { id, answer }: Pick<OpenCampaign, "id" | "answer">,
): Promise<NextAction[]> | NextAction[] =>
  answer?.state === "held_back" ? nextWhileHeld(id) : serviceActions(ctx, id);

/** Refuses a task out of scope. What it requires of personal data is asked for with it. */
async function refuseTaskType(
  ctx: Context,
  { id, taskType, taskSchema }: Pick<OpenCampaign, "id" | "taskType" | "taskSchema">,
  dryRun: boolean,
): Promise<void> {
  const { dataTypes } = await describeSchema(ctx, taskSchema);
  const needed = { taskTypes: [taskType], dataTypes: [...dataTypes.required], categories: [] };
  await requirePermission(ctx, needed, { about: { campaignId: id }, dryRun });
}

/** The next actions after a completed task (R4.5): run the services that its campaign pays for. */
async function serviceActions(
  { db, actor }: Pick<Context, "db" | "actor">,
  campaignId: string,
): Promise<NextAction[]> {
  const services = await listPayableServices(db, campaignId, actor.userId);
  const usable = services.filter(({ categories }) =>
    categories.every((category) => actor.scopes.categories.includes(category)),
  );
  const suggested = usable.slice(0, MAX_SERVICES).map(({ serviceKey }) => serviceKey);
  const schemas = await findInputSchemas(db, suggested);
  return [
    ...suggested.map((key) => next.runService(key, { campaignId, inputSchema: schemas.get(key) })),
    next.flowStatus(),
    ...(usable.length === 0 ? [next.searchServices()] : []),
  ];
}
