import type { Scopes } from "../../context.ts";
import type { OfferRow } from "./offer-store.ts";

/** Whose id stands in the views for nobody in particular. */
export const NOBODY = "00000000-0000-0000-0000-000000000000";

/** The user and session that search. */
export interface Viewer {
  /** `NOBODY`: only what is offered to every user is found. */
  userId: string;
  /** Null: no limit. */
  scopes: Scopes | null;
  /** Micros that the session can still spend. Null: not known. */
  remainingMicros: bigint | null;
}

/** What results have to fulfil, besides the text. */
export interface Filters {
  category: string | undefined;
  preferredTaskTypes: readonly string[] | undefined;
  maxTaskSeconds: number | undefined;
  allowedDataTypes: readonly string[] | undefined;
  maxBudgetMicros: bigint | undefined;
  /** Only services that can be run without doing a task first. */
  readyOnly: boolean;
}

export const NO_FILTERS: Filters = {
  category: undefined,
  preferredTaskTypes: undefined,
  maxTaskSeconds: undefined,
  allowedDataTypes: undefined,
  maxBudgetMicros: undefined,
  readyOnly: false,
};

/** Why a session can't use an offer, or a search leaves it out. */
export type Obstacle =
  | "category_not_in_scope"
  | "task_type_not_in_scope"
  | "data_types_not_in_scope"
  | "not_eligible"
  | "user_cap_reached"
  | "sponsor_budget_exhausted"
  | "task_type_avoided"
  | "filtered_out";

/** Everything that stands between a viewer and an offer. Empty: it is a result. */
export function obstaclesOf(offer: OfferRow, { scopes }: Viewer, filters: Filters): Obstacle[] {
  const { task_type: taskType, completed } = offer;
  const { preferredTaskTypes, maxTaskSeconds } = filters;
  const inFilters =
    offer.has_category &&
    (filters.maxBudgetMicros === undefined || offer.price_micros <= filters.maxBudgetMicros) &&
    (preferredTaskTypes === undefined || (taskType !== null && preferredTaskTypes.includes(taskType))) &&
    (maxTaskSeconds === undefined ||
      completed ||
      (offer.task_duration_seconds ?? Infinity) <= maxTaskSeconds) &&
    (completed || offer.data_types_allowed) &&
    (!filters.readyOnly || completed);
  const isTaskInScope =
    scopes === null || completed || (taskType !== null && scopes.taskTypes.includes(taskType));
  const obstacles: Obstacle[] = [];
  if (!offer.categories_in_scope) obstacles.push("category_not_in_scope");
  if (!isTaskInScope) obstacles.push("task_type_not_in_scope");
  if (!completed && !offer.data_types_in_scope) obstacles.push("data_types_not_in_scope");
  if (!offer.eligible) obstacles.push("not_eligible");
  if (!offer.has_calls_left) obstacles.push("user_cap_reached");
  if (!offer.has_money) obstacles.push("sponsor_budget_exhausted");
  if (offer.preference === "avoided") obstacles.push("task_type_avoided");
  if (!inFilters) obstacles.push("filtered_out");
  return obstacles;
}

const SCOPE_OBSTACLES: ReadonlySet<Obstacle> = new Set([
  "category_not_in_scope",
  "task_type_not_in_scope",
  "data_types_not_in_scope",
]);

/** Whether a session with wider scopes could use the offer. */
export const isOnlyScope = (obstacles: readonly Obstacle[]): boolean =>
  obstacles.length > 0 && obstacles.every((obstacle) => SCOPE_OBSTACLES.has(obstacle));

/** What `listOffers` has to know of a viewer and the filters of a search. */
export const offerParams = ({ userId, scopes }: Viewer, { category, allowedDataTypes }: Filters) => ({
  user_id: userId,
  scope_categories: scopes?.categories ?? null,
  scope_data_types: scopes?.dataTypes ?? null,
  category: category ?? null,
  allowed_data_types: allowedDataTypes === undefined ? null : [...allowedDataTypes],
});
