import { AppError } from "../../protocol/errors.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import type { PayerRow } from "./store.ts";

/** Why somebody pays for a call, or doesn't. */
export type PayerStatus = "ready" | "inactive" | "price" | "not_eligible" | "budget" | "user_cap" | "task";

/** What can turn out about somebody who was ready, when it comes to reserving. */
export type Shortfall = Extract<PayerStatus, "budget" | "user_cap" | "task">;

/** The call somebody is asked to pay for, in micros. */
export interface Call {
  /** The service's registered price: what a subsidy has to cover. */
  price: bigint;
  /** What this call costs, or is expected to. */
  cost: bigint;
}

export function assessPayer(payer: PayerRow, call: Call): PayerStatus {
  if (!payer.active) return "inactive";
  if (payer.subsidy !== null && call.price > payer.subsidy) return "price";
  if (!payer.eligible) return "not_eligible";
  if (payer.remaining < call.cost) return "budget";
  if (payer.max_calls !== null && payer.calls >= BigInt(payer.max_calls)) return "user_cap";
  return payer.completed ? "ready" : "task";
}

export interface AssessedPayer extends PayerRow {
  standing: PayerStatus;
}

/** What nobody pays for; whoever wants it all the same can pay for it themselves. */
export interface RequestedService {
  serviceKey: string;
  inputSchema: unknown;
  /** Null: it costs nothing, and isn't sold. */
  payTo: string | null;
}

/** Why the campaign that the caller named doesn't pay. */
export function refuseNamed(
  payer: AssessedPayer,
  others: AssessedPayer[],
  wanted: RequestedService,
): AppError {
  const elsewhere = { nextActions: alternatives(others, wanted) };
  switch (payer.standing) {
    case "inactive":
      return new AppError("inactive", { message: "This campaign is paused.", ...elsewhere });
    case "price":
      return new AppError("no_sponsor", {
        message: "This campaign's subsidy doesn't cover the service's price.",
        ...elsewhere,
      });
    case "not_eligible":
      return new AppError("not_eligible", elsewhere);
    case "budget":
      return new AppError("sponsor_budget_exhausted", elsewhere);
    case "user_cap":
      return new AppError("user_cap_reached", elsewhere);
    case "ready":
    case "task":
      return taskRequired([payer]);
  }
}

/** Why nobody pays, where the caller named no campaign. */
export function refuseAll(payers: AssessedPayer[], wanted: RequestedService): AppError {
  const some = (standing: PayerStatus, completed: boolean): boolean =>
    payers.some((payer) => payer.standing === standing && payer.completed === completed);
  const elsewhere = { nextActions: alternatives(payers, wanted) };

  // Those who would pay but for their money come first, then tasks that would really lead to a payment.
  if (some("budget", true)) return new AppError("sponsor_budget_exhausted", elsewhere);
  if (some("user_cap", true)) return new AppError("user_cap_reached", elsewhere);
  const tasks = payers.filter(({ standing }) => standing === "task");
  if (tasks.length > 0) return taskRequired(tasks);
  if (some("budget", false)) return new AppError("sponsor_budget_exhausted", elsewhere);
  if (some("user_cap", false)) return new AppError("user_cap_reached", elsewhere);
  if (some("not_eligible", true) || some("not_eligible", false))
    return new AppError("not_eligible", elsewhere);
  return new AppError("no_sponsor", elsewhere);
}

function taskRequired(tasks: PayerRow[]): AppError {
  const campaigns = tasks.flatMap(({ campaign_id, sponsor, task_type }) =>
    campaign_id === null ? [] : [{ campaign_id, sponsor, task_type }],
  );
  return new AppError("task_required", {
    details: { campaigns },
    nextActions: campaigns
      .slice(0, 5)
      .map(({ campaign_id, sponsor }) => next.getTask(campaign_id, `${sponsor} pays after this task.`)),
  });
}

/** To be paid for by whoever wants it, where that is possible. */
export const offerDirectly = ({ serviceKey, inputSchema, payTo }: RequestedService): NextAction[] =>
  payTo === null ? [] : [next.payDirectly(serviceKey, inputSchema)];

function alternatives(payers: AssessedPayer[], wanted: RequestedService): NextAction[] {
  const tasks = payers.filter(({ standing }) => standing === "task");
  return [
    ...tasks
      .slice(0, 3)
      .flatMap(({ campaign_id, sponsor }) =>
        campaign_id === null ? [] : [next.getTask(campaign_id, `${sponsor} pays after this task.`)],
      ),
    next.searchServices(),
    ...offerDirectly(wanted),
  ];
}
