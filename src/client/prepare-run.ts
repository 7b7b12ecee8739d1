import type { Approvals } from "./approvals.ts";
import { withApprovals } from "./approvals.ts";
import { TollfreeError } from "./errors.ts";
import type { TollfreeApi } from "./procedures.ts";
import { aborting } from "./procedures.ts";
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
  /** The last attempt at each campaign's task, so that two runs at once don't ask the person twice. */
  attempts: Map<string, Promise<void>>;
}

interface Options {
  /** The caller brought the key: an earlier run may stand behind it, whatever the plan for a new one says. */
  mayBeReplay: boolean;
  signal: AbortSignal | undefined;
}

/**
 * Does what a run takes before it is made: plans it, opens a wider session where that helps, and completes the
 * sponsor's task. What can't be helped is left to the run, whose refusal says more.
 * @throws `validation_error` for a bad input and the reason why nobody pays, both before anybody is asked anything
 */
export async function prepareRun(
  ctx: RunContext,
  request: RunRequest,
  { mayBeReplay, signal }: Options,
): Promise<void> {
  const { service_key, input, campaign_id } = request;
  const { data: plan, next_actions: nextActions } = await ctx.api.agent.planService.mutate(
    { service_key, ...(input !== undefined && { input }), ...(campaign_id !== undefined && { campaign_id }) },
    aborting(signal),
  );
  if (plan.blocked !== null) {
    if (mayBeReplay) return;
    throw blocked(plan.blocked, nextActions);
  }
  if (plan.missing.input.length > 0) throw invalidInput(plan, nextActions);

  const more = scopesToOpen(plan);
  if (more !== undefined) await ctx.session.widen(more, signal);
  if (plan.task !== null) await completeTask(ctx, service_key, plan.task.campaign_id, signal);
}

const blocked = (reason: NonNullable<Plan["blocked"]>, nextActions: NextAction[]): TollfreeError =>
  new TollfreeError(reason.error_code, {
    message: reason.message,
    details: undefined,
    nextActions,
  }) as TollfreeError; // none of the reasons why nobody pays has details

const invalidInput = (plan: Plan, nextActions: NextAction[]): TollfreeError =>
  new TollfreeError("validation_error", {
    message: "The input doesn't match the service's schema.",
    details: { input_schema: plan.input_schema },
    fieldErrors: plan.missing.input,
    nextActions,
  });

/**
 * What a wider session should allow too. Personal data that only the grant lacks is left out: the call that sends
 * it asks the person for exactly that, and it is added to their grant instead of replacing it.
 */
function scopesToOpen({ missing: { scopes, consent } }: Plan): Scopes | undefined {
  const grantIsToChange = consent.allowed_task_types.length + consent.allowed_categories.length > 0;
  const dataTypes = scopes.allowed_data_types.filter(
    (dataType) => grantIsToChange || !consent.allowed_data_types.includes(dataType),
  );
  const more = { ...scopes, allowed_data_types: dataTypes };
  return Object.values(more).some((list) => list.length > 0) ? more : undefined;
}

/** Without anybody to ask, the run will say which task it wants. */
async function completeTask(
  ctx: RunContext,
  service: string,
  campaignId: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { onTask, attempts } = ctx;
  if (onTask === undefined) return;
  const before = attempts.get(campaignId) ?? Promise.resolve();
  const answered = before
    .catch(() => undefined) // its own run's business
    .then(() => getAnswers(ctx, onTask, { service, campaignId, signal }));
  const attempt = unlessAborted(answered, signal);
  attempts.set(campaignId, attempt);
  await attempt;
}

/** Gets the person's answers and hands them in. */
async function getAnswers(
  { api, approvals }: RunContext,
  onTask: OnTask,
  { service, campaignId, signal }: { service: string; campaignId: string; signal: AbortSignal | undefined },
): Promise<void> {
  const { data: task } = await api.agent.getTask.query({ campaign_id: campaignId }, aborting(signal));
  if (task.already_completed) return; // for another run, meanwhile
  const { task_input_schema: schema, purpose, data_types: dataTypes } = task;
  const answer = await onTask({ service, task, schema, purpose, dataTypes, signal });
  signal?.throwIfAborted();
  if (answer === undefined) {
    throw new TollfreeError("task_declined", {
      message: "The person doesn't want to complete the task.",
      details: { campaign_id: campaignId },
    });
  }
  const completion = { campaign_id: campaignId, task_data: answer.taskData, consent: answer.consent };
  const send = () => api.agent.completeTask.mutate(completion, aborting(signal));
  await withApprovals(approvals, send, signal);
}
