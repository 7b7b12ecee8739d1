import type { z } from "zod";
import { findApprovedBudget } from "../../access/approval/index.ts";
import { isEmpty, lackingFrom, toWire } from "../../access/scope/index.ts";
import { authForMore, recordSelection } from "../../access/session/index.ts";
import type { Deps, Scopes, SessionActor } from "../../context.ts";
import { readCallAllowance } from "../../money/reservation/index.ts";
import type { SchemaFacts } from "../../personal-data/data-schema/index.ts";
import { describeSchema, validateSubmission } from "../../personal-data/data-schema/index.ts";
import { callRegions } from "../../personal-data/phone-regions/index.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { AppError } from "../../protocol/errors.ts";
import { notFound } from "../../protocol/errors.ts";
import { restoreNames } from "../../protocol/foreign/index.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import { findCampaignForUser } from "../../sponsorship/campaign/index.ts";
import type { AssessedPayer } from "../../sponsorship/payer/index.ts";
import { assessPayers, refuseAll, refuseNamed, requireNamedPayer } from "../../sponsorship/payer/index.ts";
import type { ApiRow } from "../../sponsorship/sponsored-api/index.ts";
import {
  checkPathInput,
  findApi,
  inactiveService,
  payersPaused,
  payersPausedError,
} from "../../sponsorship/sponsored-api/index.ts";
import type { PlanInput, PlanOutput } from "./schema.ts";

type Input = z.infer<typeof PlanInput>;
type Plan = z.infer<typeof PlanOutput>;
type Context = Pick<Deps, "db" | "sql" | "settings" | "compute"> & { actor: SessionActor };
type Campaign = NonNullable<Awaited<ReturnType<typeof findCampaignForUser>>>;

/**
 * Says what a run would take: price, payer, task, and every scope, consent and budget that is missing. Calls
 * no upstream, opens no approval, and counts no violation.
 * @throws `not_found` for an unknown service or campaign
 */
export async function planService(
  ctx: Context,
  input: Input,
): Promise<{ data: Plan; nextActions: NextAction[] }> {
  const { db, actor } = ctx;
  const api = await findApi(ctx, input.service_key);
  if (api === undefined) throw notFound("service");
  const cost = api.expectedCostMicros;

  const { payer, refusal } = await findPayer(ctx, api, input.campaign_id);
  const campaignId = payer?.campaign_id ?? undefined;
  const campaign =
    campaignId === undefined ? undefined : await findCampaignForUser(db, campaignId, actor.userId);
  const task = payer?.status === "task" ? campaign : undefined;
  if (task !== undefined) await recordSelection(db, actor.sessionId, task.id);

  const taskFacts = task === undefined ? undefined : await describeSchema(ctx, task.taskSchema);
  const checked = await checkInput(ctx, api, restoreNames(api.inputSchema, input.input));
  const needed: Scopes = {
    taskTypes: task === undefined ? [] : [task.taskType],
    dataTypes: [...new Set([...checked.dataTypes, ...(taskFacts?.dataTypes.required ?? [])])],
    categories: api.categories,
  };
  const lacking = lackingFrom(needed, actor.scopes);
  const ungranted = lackingFrom(needed, actor.grantScopes);
  const remaining = await readCallAllowance(ctx.sql, actor, { service: api.serviceKey, amountMicros: cost });
  const missingMicros = {
    session: cost > remaining.session ? cost - remaining.session : 0n,
    grant: cost > remaining.grant ? cost - remaining.grant : 0n,
  };
  const paused = refusal === undefined && (await payersPaused(ctx, api)) ? payersPausedError() : undefined;
  const blocked = api.active ? (refusal ?? paused) : inactiveService(api);
  const missingBudget =
    missingMicros.session > missingMicros.grant ? missingMicros.session : missingMicros.grant;
  const needsYes =
    remaining.aboveRule && (await findApprovedBudget(db, actor.grantId, api.serviceKey, cost)) === undefined;
  const nothingMissing = isEmpty(lacking) && missingBudget === 0n && !needsYes && checked.errors.length === 0;

  const data: Plan = {
    service: api.serviceKey,
    ready: blocked === undefined && task === undefined && nothingMissing,
    price_cents: microsToCents(api.priceMicros),
    expected_cost_cents: microsToCents(cost),
    expected_duration_seconds: (task?.taskDurationSeconds ?? 0) + Math.ceil(api.timeoutMs / 1000),
    payer:
      payer === undefined
        ? null
        : {
            sponsored_by: payer.sponsor,
            ...(payer.campaign_id !== null && { campaign_id: payer.campaign_id }),
            remaining_budget_cents: microsToCents(payer.remaining),
          },
    task: task === undefined || taskFacts === undefined ? null : describeTask(task, taskFacts),
    missing: {
      scopes: toWire(lacking),
      consent: toWire(ungranted),
      budget_cents: microsToCents(missingBudget),
      input: checked.errors,
    },
    smallest_approval:
      blocked === undefined
        ? smallestApproval({ needed, lacking, ungranted, cost, missingMicros, needsYes })
        : null,
    blocked: blocked === undefined ? null : { error_code: blocked.code, message: blocked.message },
    input_schema: api.inputSchema as Record<string, unknown>,
    ...(api.outputSchema !== null && { output_schema: api.outputSchema as Record<string, unknown> }),
  };
  return { data, nextActions: await nextAfterPlan(ctx, data, needed, cost) };
}

/**
 * Finds the payer of a run: the campaign that the caller named, or the first payer that is ready, or one that
 * is ready after a task. Returns the reason if there is none.
 */
async function findPayer(
  ctx: Context,
  api: ApiRow,
  campaignId: string | undefined,
): Promise<{ payer?: AssessedPayer; refusal?: AppError }> {
  const payers = await assessPayers(ctx, api.id);
  if (campaignId !== undefined) {
    const named = await requireNamedPayer(ctx, payers, campaignId, api);
    const wouldPay = named.status === "ready" || named.status === "task";
    return wouldPay ? { payer: named } : { refusal: refuseNamed(named, [], api) };
  }
  const payer = payers.find(({ status }) => status === "ready") ?? findTaskPayer(payers, ctx.actor);
  return payer === undefined ? { refusal: refuseAll(payers, api) } : { payer };
}

/** Of the payers that ask for a task first: one whose task the session may do, else the first one. */
function findTaskPayer(payers: AssessedPayer[], actor: SessionActor): AssessedPayer | undefined {
  const tasks = payers.filter(({ status }) => status === "task");
  return (
    tasks.find(({ task_type }) => task_type !== null && actor.scopes.taskTypes.includes(task_type)) ??
    tasks[0]
  );
}

/**
 * Checks the input, if there is one. Returns the types of personal data that the run would pass on, and the
 * errors.
 */
async function checkInput(
  ctx: Context,
  api: ApiRow,
  input: Record<string, unknown> | undefined,
): Promise<{ dataTypes: Scopes["dataTypes"]; errors: Plan["missing"]["input"] }> {
  const { dataTypes } = await describeSchema(ctx, api.inputSchema);
  if (input === undefined) return { dataTypes: [...dataTypes.required], errors: [] };
  const regions = await callRegions(ctx, [api.name, api.description]);
  const submitted = { data: input, basePath: "/input", regions };
  const result = await validateSubmission(ctx, api.inputSchema, submitted);
  return result.ok
    ? { dataTypes: result.dataTypes, errors: checkPathInput(api.upstreamUrl, input, "/input") }
    : { dataTypes: [...dataTypes.required], errors: result.errors };
}

function describeTask(
  campaign: Campaign,
  { requiredFields, optionalFields, dataTypes }: SchemaFacts,
): NonNullable<Plan["task"]> {
  return {
    campaign_id: campaign.id,
    required_task: campaign.requiredTask,
    task_type: campaign.taskType,
    required_fields: [...requiredFields],
    optional_fields: [...optionalFields],
    required_data_types: [...dataTypes.required],
    estimated_task_duration_seconds: campaign.taskDurationSeconds,
  };
}

/**
 * The smallest approval that makes the run possible: of the grant if it lacks a scope, of this one payment if
 * the grant lacks budget or the user wants to be asked, or a wider session if only the session lacks something. Null: nothing is missing.
 */
function smallestApproval({
  needed,
  lacking,
  ungranted,
  cost,
  missingMicros,
  needsYes,
}: {
  needed: Scopes;
  lacking: Scopes;
  ungranted: Scopes;
  cost: bigint;
  missingMicros: { session: bigint; grant: bigint };
  /** A rule of the user asks for a yes. */
  needsYes: boolean;
}): Plan["smallest_approval"] {
  const budget_limit_cents = microsToCents(cost);
  if (!isEmpty(ungranted)) return { kind: "grant", scopes: toWire(needed), budget_limit_cents };
  if (missingMicros.grant > 0n || needsYes) return { kind: "budget", budget_limit_cents };
  if (!isEmpty(lacking) || missingMicros.session > 0n)
    return { kind: "session", scopes: toWire(needed), budget_limit_cents };
  return null;
}

async function nextAfterPlan(ctx: Context, plan: Plan, needed: Scopes, cost: bigint): Promise<NextAction[]> {
  if (plan.blocked !== null) return [next.searchServices(), next.flowStatus()];
  const run = next.runService(plan.service, {
    campaignId: plan.payer?.campaign_id,
    inputSchema: plan.input_schema,
  });
  const { smallest_approval: approval } = plan;
  // The run itself opens the approval of a budget. Everything else needs another session first.
  if (approval !== null && approval.kind !== "budget")
    return [await authForMore(ctx, needed, cost), next.searchServices()];
  return plan.task === null
    ? [run, next.flowStatus()]
    : [next.getTask(plan.task.campaign_id), next.searchServices()];
}
