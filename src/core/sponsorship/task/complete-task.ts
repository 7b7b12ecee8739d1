import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { requirePermission } from "../../access/permission/index.ts";
import { explainEndedSession } from "../../access/session/index.ts";
import type { Deps, SessionActor } from "../../context.ts";
import { consentsOfCompletion } from "../../personal-data/consent/index.ts";
import type { VaultReference } from "../../personal-data/data-schema/index.ts";
import { validateSubmission } from "../../personal-data/data-schema/index.ts";
import { callRegions } from "../../personal-data/phone-regions/index.ts";
import { requireStored, resolveReferences, sourcesOf } from "../../personal-data/vault/index.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { AppError } from "../../protocol/errors.ts";
import { restoreNames } from "../../protocol/foreign/index.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import type { PhoneRegion } from "../../protocol/phone-regions.ts";
import { findCampaignForUser } from "../campaign/index.ts";
import type { OpenCampaign } from "./get-task.ts";
import { nextAfterAnswer, requireOpenCampaign } from "./get-task.ts";
import { judgeByRule, rejectedByRule } from "./judge-by-rule.ts";
import { reviewOf } from "./review.ts";
import { encryptAnswers } from "./rules.ts";
import type { CompleteTaskInput, CompleteTaskOutput } from "./schema.ts";
import { insertCompletion } from "./store.ts";

type Input = z.infer<typeof CompleteTaskInput>;
type Context = Pick<Deps, "db" | "sql" | "log" | "cipher" | "limiter" | "settings" | "compute"> & {
  actor: SessionActor;
};
interface Result {
  data: z.infer<typeof CompleteTaskOutput>;
  nextActions: NextAction[];
}

/**
 * Accepts a user's answers to a campaign's task. All checks come before anything is stored: the task's
 * schema, the session's scopes, and the user's consent for every type of personal data in the answers. A dry
 * run only checks. If the campaign holds answers back, they unlock runs once the sponsor has accepted them.
 * @throws `answer_rejected` if the campaign's rule rejects them, `validation_error`, `scope_violation`, `data_consent_required`, `not_eligible`, `inactive`,
 *   `not_found`
 */
export async function completeTask(ctx: Context, input: Input): Promise<Result> {
  const dryRun = input.dry_run === true;
  const campaign = await requireOpenCampaign(ctx, input.campaign_id, dryRun);
  const { completionId: earlierId } = campaign;
  if (earlierId !== null && !dryRun) return acceptedResult(ctx, campaign, earlierId, true);

  // A caller who asked for quiet may send aliases of the task's fields.
  const taskData = restoreNames(campaign.taskSchema, input.task_data);
  const submitted = await checkAnswers(ctx, campaign, taskData);
  requireConsentBlock(campaign, submitted.dataTypes, input.consent);
  const needed = { taskTypes: [], dataTypes: submitted.dataTypes, categories: [] };
  await requirePermission(ctx, needed, { about: { campaignId: campaign.id }, dryRun });
  if (dryRun) {
    await requireStored(ctx, submitted.references, ANSWERS);
    return dryRunResult(campaign);
  }
  const byRule = await judgeByRule(ctx, campaign, { data: taskData, regions: submitted.regions });
  const isRejected = byRule === "reject";
  const answers = isRejected
    ? { data: {}, dataTypes: submitted.dataTypes }
    : await fillInVaultValues(ctx, campaign, taskData, submitted);

  const completionId = randomUUID();
  const stored = await insertCompletion(
    ctx.sql,
    {
      id: completionId,
      campaign_id: campaign.id,
      user_id: ctx.actor.userId,
      task_name: campaign.requiredTask,
      details: isRejected ? null : encryptAnswers(ctx.cipher, completionId, answers.data),
      data_types: answers.dataTypes,
      sources: sourcesOf(taskData, submitted.references, "agent"),
      execution_mode: "agent",
      session_id: ctx.actor.sessionId,
      by_rule: byRule,
    },
    consentsOfCompletion(answers.dataTypes, campaign, input.consent),
  );
  if (stored && isRejected) throw rejectedByRule(campaign);

  // Unless it was stored, another call completed the task for the same user first, or the session has ended meanwhile.
  const current = await findCampaignForUser(ctx.db, campaign.id, ctx.actor.userId);
  if (current !== undefined && current.completionId !== null)
    return acceptedResult(ctx, current, current.completionId, !stored);
  // It was withdrawn or rejected a moment after it was stored.
  if (stored) return acceptedResult(ctx, current ?? campaign, completionId, false);
  throw await explainEndedSession(ctx, ctx.actor.sessionId);
}

/** JSON Pointer of the answers in the request. */
const ANSWERS = "/task_data";

interface CheckedAnswers {
  /** Types of personal data in the answers. */
  dataTypes: DataType[];
  /** Places in the answers that are to be filled from the user's vault. */
  references: VaultReference[];
  /** Whose national phone numbers were looked for. */
  regions: PhoneRegion[];
}

/** Checks answers against the task's schema. @throws `validation_error` */
async function checkAnswers(
  ctx: Context,
  campaign: OpenCampaign,
  answers: Input["task_data"],
): Promise<CheckedAnswers> {
  const { name, description, requiredTask, taskDescription } = campaign;
  const regions = await callRegions(ctx, [name, description, requiredTask, taskDescription]);
  const submitted = { data: answers, basePath: ANSWERS, regions };
  const result = await validateSubmission(ctx, campaign.taskSchema, submitted);
  if (!result.ok) {
    throw new AppError("validation_error", {
      message: "The answers don't match the task's schema.",
      fieldErrors: result.errors,
      nextActions: [next.getTask(campaign.id)],
    });
  }
  return { ...result, regions };
}

/**
 * Returns the answers as the sponsor gets them.
 * @throws `validation_error` if a stored value is missing, doesn't fit, or may not be referred to any more
 */
async function fillInVaultValues(
  ctx: Context,
  campaign: OpenCampaign,
  data: Input["task_data"],
  { dataTypes, references, regions }: CheckedAnswers,
): Promise<{ data: Input["task_data"]; dataTypes: DataType[] }> {
  if (references.length === 0) return { data, dataTypes };
  const { sponsorId } = campaign;
  const submission = { data, references, sponsorId, regions };
  return resolveReferences(ctx, campaign.taskSchema, submission, ANSWERS);
}

/**
 * R6.5: the consent block of the request is the user's consent for this campaign. Consent given before
 * doesn't replace it. Sharing the answers is the task, so without agreeing to it nothing is completed.
 * @throws `data_consent_required` if the block doesn't agree to sharing the answers, or doesn't acknowledge the
 *   purpose of personal data in them
 */
function requireConsentBlock(campaign: OpenCampaign, dataTypes: DataType[], consent: Input["consent"]): void {
  const isPersonal = dataTypes.length > 0;
  if (consent.data_sharing_agreed && (consent.purpose_acknowledged || !isPersonal)) return;
  throw new AppError("data_consent_required", {
    message: isPersonal
      ? "The answers hold personal data. The user has to agree to share it, and to acknowledge the purpose."
      : "The task is to share the answers with the sponsor. The user has to agree to that.",
    details: { missing: dataTypes, purpose: campaign.purpose },
    nextActions: [next.completeTask(campaign.id, campaign.taskSchema)],
  });
}

/** The result of a dry run that passed all checks. The same call without `dry_run` would be accepted. */
function dryRunResult(campaign: OpenCampaign): Result {
  return {
    data: {
      campaign_id: campaign.id,
      consent_recorded: false,
      can_use_service: false,
      already_completed: campaign.completionId !== null,
      dry_run: true,
    },
    nextActions: [next.completeTask(campaign.id, campaign.taskSchema)],
  };
}

async function acceptedResult(
  ctx: Context,
  campaign: OpenCampaign,
  completionId: string,
  alreadyCompleted: boolean,
): Promise<Result> {
  const nextActions = await nextAfterAnswer(ctx, campaign);
  return {
    data: {
      task_completion_id: completionId,
      campaign_id: campaign.id,
      consent_recorded: true,
      can_use_service: nextActions.some(({ action }) => action === "run_service"),
      already_completed: alreadyCompleted,
      review: reviewOf(campaign),
    },
    nextActions,
  };
}
