import { AppError } from "../../protocol/errors.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import type { PayerRow } from "./store.ts";

/**
 * Whether a payer pays for a call (`ready`), pays after a task (`task`) or once its answers are accepted (`held`), or the reason why
 * it doesn't.
 */
export type PayerStatus =
  "ready" | "inactive" | "price" | "not_eligible" | "budget" | "user_cap" | "task" | "held";

/** Reasons why a payer that was ready can fail at the reservation. */
export type Shortfall = Extract<PayerStatus, "budget" | "user_cap" | "task">;

export function assessPayer(payer: PayerRow): PayerStatus {
  if (!payer.active) return "inactive";
  if (!payer.covers_price) return "price";
  if (!payer.eligible) return "not_eligible";
  if (!payer.has_money) return "budget";
  if (!payer.has_calls_left) return "user_cap";
  if (payer.held_until !== null) return "held";
  return payer.completed ? "ready" : "task";
}

export interface AssessedPayer extends PayerRow {
  status: PayerStatus;
}

/** The service that a caller wants to run, as far as an offer to pay for it directly needs it. */
export interface RequestedService {
  serviceKey: string;
  inputSchema: unknown;
  /** Null: the service is free, and can't be paid for directly. */
  payTo: string | null;
}

/** How many tasks are suggested as next actions of `task_required`, and of other refusals. */
const MAX_REQUIRED_TASKS = 5;
const MAX_ALTERNATIVE_TASKS = 3;

/** The error that says why the campaign named by the caller doesn't pay. */
export function refuseNamed(
  payer: AssessedPayer,
  others: AssessedPayer[],
  service: RequestedService,
): AppError {
  const withAlternatives = { nextActions: alternatives(others, service) };
  switch (payer.status) {
    case "inactive":
      return new AppError("inactive", { message: "This campaign is paused.", ...withAlternatives });
    case "price":
      return new AppError("no_sponsor", {
        message: "This campaign doesn't cover the service's price.",
        ...withAlternatives,
      });
    case "not_eligible":
      return new AppError("not_eligible", withAlternatives);
    case "budget":
      return new AppError("sponsor_budget_exhausted", withAlternatives);
    case "user_cap":
      return new AppError("user_cap_reached", withAlternatives);
    case "held":
      return heldBack([payer], others);
    case "ready":
    case "task":
      return taskRequired([payer]);
  }
}

/** The error that says why no payer pays, if the caller named no campaign. */
export function refuseAll(payers: AssessedPayer[], service: RequestedService): AppError {
  const hasPayer = (status: PayerStatus, completed: boolean): boolean =>
    payers.some((payer) => payer.status === status && payer.completed === completed);
  const withAlternatives = { nextActions: alternatives(payers, service) };

  // Payers that lack only money come first: the user has done their task. Next are tasks that lead to a
  // payment.
  if (hasPayer("budget", true)) return new AppError("sponsor_budget_exhausted", withAlternatives);
  if (hasPayer("user_cap", true)) return new AppError("user_cap_reached", withAlternatives);
  const held = payers.filter(({ status }) => status === "held");
  if (held.length > 0) return heldBack(held, payers);
  const tasks = payers.filter(({ status }) => status === "task");
  if (tasks.length > 0) return taskRequired(tasks);
  if (hasPayer("budget", false)) return new AppError("sponsor_budget_exhausted", withAlternatives);
  if (hasPayer("user_cap", false)) return new AppError("user_cap_reached", withAlternatives);
  if (hasPayer("not_eligible", true) || hasPayer("not_eligible", false))
    return new AppError("not_eligible", withAlternatives);
  return new AppError("no_sponsor", withAlternatives);
}

function taskRequired(tasks: PayerRow[]): AppError {
  const campaigns = tasks.flatMap(({ campaign_id, sponsor, task_type }) =>
    campaign_id === null ? [] : [{ campaign_id, sponsor, task_type }],
  );
  return new AppError("task_required", {
    details: { campaigns },
    nextActions: suggestTasks(tasks, MAX_REQUIRED_TASKS),
  });
}

/** The user has done a task, and its sponsor hasn't accepted the answers yet. Other tasks can be done meanwhile. */
function heldBack(held: PayerRow[], payers: AssessedPayer[]): AppError {
  const campaigns = held.flatMap(({ campaign_id, held_until }) =>
    campaign_id === null || held_until === null
      ? []
      : [{ campaign_id, held_until: held_until.toISOString() }],
  );
  const tasks = payers.filter(({ status }) => status === "task");
  return new AppError("answer_held_back", {
    details: { campaigns },
    nextActions: [
      ...campaigns
        .slice(0, MAX_ALTERNATIVE_TASKS)
        .map(({ campaign_id }) =>
          next.getTask(campaign_id, "Ask whether the sponsor has accepted the answers."),
        ),
      ...suggestTasks(tasks, MAX_ALTERNATIVE_TASKS),
      next.searchServices(),
    ],
  });
}

/** Offers the caller to pay for the service directly, unless it is free. */
export const offerDirectly = ({ serviceKey, inputSchema, payTo }: RequestedService): NextAction[] =>
  payTo === null ? [] : [next.payDirectly(serviceKey, inputSchema)];

function alternatives(payers: AssessedPayer[], service: RequestedService): NextAction[] {
  const tasks = payers.filter(({ status }) => status === "task");
  return [...suggestTasks(tasks, MAX_ALTERNATIVE_TASKS), next.searchServices(), ...offerDirectly(service)];
}

function suggestTasks(payers: PayerRow[], limit: number): NextAction[] {
  return payers
    .slice(0, limit)
    .flatMap(({ campaign_id }) =>
      campaign_id === null ? [] : [next.getTask(campaign_id, "Read the task after which this sponsor pays.")],
    );
}
