import type { Approvals } from "./approvals.ts";
import { withApprovals } from "./approvals.ts";
import { TollfreeError } from "./errors.ts";
import type { TollfreeApi } from "./procedures.ts";
import { callOptions } from "./procedures.ts";
import type { OnProgress } from "./progress.ts";
import type { SessionKeeper } from "./session.ts";
import type { OnTask } from "./tasks.ts";
import type { NextAction, Plan, RunRequest, Scopes } from "./types.ts";
import { unlessAborted } from "./wait.ts";

/** What a run needs of its agent. */
export interface RunContext {
  api: TollfreeApi;
  approvals: Approvals;
  session: SessionKeeper;
  onTask: OnTask | undefined;
  /** Is told what the run is doing. */
  report: OnProgress;
  /** The last attempt at each campaign's task. With it, two runs at once don't ask the person twice. */
  attempts: Map<string, Promise<void>>;
}

interface Options {
  /** The caller gave the idempotency key, so the run may repeat an earlier one that the plan doesn't know. */
  mayBeReplay: boolean;
  signal: AbortSignal | undefined;
}

/**
 * Prepares a run: plans it, opens a wider session if the plan needs one, and completes the sponsor's task.
 * Other obstacles are left to the run itself, whose refusal says more.
 * @throws TollfreeError `validation_error` for a bad input, and the plan's reason if the run is blocked. Both
 *   are thrown before the person is asked anything.
 */
export async function prepareRun(
  ctx: RunContext,
  request: RunRequest,
  { mayBeReplay, signal }: Options,
): Promise<void> {
  const { service_key, input, campaign_id } = request;
  const { data: plan, next_actions: nextActions } = await ctx.api.agent.planService.mutate(
    { service_key, ...(input !== undefined && { input }), ...(campaign_id !== undefined && { campaign_id }) },
    callOptions(signal),
  );
  ctx.report({ type: "planned", service: service_key, plan });
  if (plan.blocked !== null) {
    if (mayBeReplay) return;
    throw blockedError(plan.blocked, nextActions);
  }
  if (plan.missing.input.length > 0) throw invalidInputError(plan, nextActions);

  const missingScopes = scopesToAdd(plan);
  if (missingScopes !== undefined) await ctx.session.widen(missingScopes, ctx.approvals, signal);
  if (plan.task !== null) await completeTask(ctx, service_key, plan.task.campaign_id, signal);
}

const blockedError = (reason: NonNullable<Plan["blocked"]>, nextActions: NextAction[]): TollfreeError =>
  new TollfreeError(reason.error_code, {
    message: reason.message,
    details: undefined,
    nextActions,
  }) as TollfreeError; // none of these codes has details

const invalidInputError = (plan: Plan, nextActions: NextAction[]): TollfreeError =>
  new TollfreeError("validation_error", {
    message: "The input doesn't match the service's schema.",
    details: { input_schema: plan.input_schema },
    fieldErrors: plan.missing.input,
    nextActions,
  });

/**
 * The scopes that a wider session needs. Undefined if the session is wide enough. Data types that the grant
 * lacks are left out, unless the grant has to change anyway. The call that sends such data asks the person
 * for exactly these data types. They are then added to the grant, instead of replacing the grant.
 */
function scopesToAdd({ missing: { scopes, consent } }: Plan): Scopes | undefined {
  const grantMustChange = consent.allowed_task_types.length + consent.allowed_categories.length > 0;
  const dataTypes = scopes.allowed_data_types.filter(
    (dataType) => grantMustChange || !consent.allowed_data_types.includes(dataType),
  );
  const missingScopes = { ...scopes, allowed_data_types: dataTypes };
  return Object.values(missingScopes).some((list) => list.length > 0) ? missingScopes : undefined;
}

/**
 * Gets the task completed. Without an `onTask` hook it does nothing, and the run's refusal names the task.
 */
async function completeTask(
  ctx: RunContext,
  service: string,
  campaignId: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { onTask, attempts } = ctx;
  if (onTask === undefined) return;
  const previousAttempt = attempts.get(campaignId) ?? Promise.resolve();
  const completed = previousAttempt
    .catch(() => undefined) // the run that made that attempt reports its error
    .then(() => askAndSubmit(ctx, onTask, { service, campaignId, signal }));
  const attempt = unlessAborted(completed, signal);
  attempts.set(campaignId, attempt);
  await attempt;
}

/** Gets the person's answers through the hook, and submits them. */
async function askAndSubmit(
  { api, approvals, report }: RunContext,
  onTask: OnTask,
  { service, campaignId, signal }: { service: string; campaignId: string; signal: AbortSignal | undefined },
): Promise<void> {
  const { data: task } = await api.agent.getTask.query({ campaign_id: campaignId }, callOptions(signal));
  if (task.already_completed) return; // another run completed it meanwhile
  const { task_input_schema: schema, purpose, data_types: dataTypes } = task;
  const request = { service, task, schema, purpose, dataTypes, signal };
  report({ type: "task_asked", request });
  const answer = await onTask(request);
  signal?.throwIfAborted();
  if (answer === undefined) {
    throw new TollfreeError("task_declined", {
      message: "The person doesn't want to complete the task.",
      details: { campaign_id: campaignId },
    });
  }
  const completion = { campaign_id: campaignId, task_data: answer.taskData, consent: answer.consent };
  const send = () => api.agent.completeTask.mutate(completion, callOptions(signal));
  await withApprovals(approvals, send, signal);
}
