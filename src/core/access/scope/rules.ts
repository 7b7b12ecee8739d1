import type { z } from "zod";
import type { Scopes } from "../../context.ts";
import type { ExplicitScopes, RequestedScopes } from "../../protocol/fields.ts";

type WireScopes = z.infer<typeof ExplicitScopes>;
export type WireRequestedScopes = z.infer<typeof RequestedScopes>;

const unique = <T>(list: readonly T[]): T[] => [...new Set(list)];

export function fromWire(scopes: WireScopes): Scopes {
  return {
    taskTypes: unique(scopes.allowed_task_types),
    dataTypes: unique(scopes.allowed_data_types),
    categories: unique(scopes.allowed_categories),
  };
}

export function toWire(scopes: Scopes): WireScopes {
  return {
    allowed_task_types: scopes.taskTypes,
    allowed_data_types: scopes.dataTypes,
    allowed_categories: scopes.categories,
  };
}

const isEverything = (list: readonly string[]): boolean => list.length === 1 && list[0] === "*";

/** What was asked for, with `["*"]` read as all that `available` has. */
export function resolveEverything(requested: WireRequestedScopes, available: Scopes): Scopes {
  const pick = <T extends string>(asked: readonly string[], all: T[]): T[] =>
    isEverything(asked) ? all : unique(asked as T[]);
  return {
    taskTypes: pick(requested.allowed_task_types, available.taskTypes),
    dataTypes: pick(requested.allowed_data_types, available.dataTypes),
    categories: pick(requested.allowed_categories, available.categories),
  };
}

/** What of a request somebody allowed. */
export function narrow(requested: WireRequestedScopes, allowed: Scopes): Scopes {
  const asked = resolveEverything(requested, allowed);
  const within = <T>(list: T[], limit: T[]): T[] => list.filter((item) => limit.includes(item));
  return {
    taskTypes: within(asked.taskTypes, allowed.taskTypes),
    dataTypes: within(asked.dataTypes, allowed.dataTypes),
    categories: within(asked.categories, allowed.categories),
  };
}

export const missingFrom = <T>(wanted: readonly T[], allowed: readonly T[]): T[] =>
  unique(wanted).filter((item) => !allowed.includes(item));

/** Whether a decision stays inside what was asked; asking for everything leaves the choice to the user. */
export function isWithinRequest(decided: Scopes, requested: WireRequestedScopes): boolean {
  const within = (chosen: readonly string[], asked: readonly string[]): boolean =>
    isEverything(asked) || missingFrom(chosen, asked).length === 0;
  return (
    within(decided.taskTypes, requested.allowed_task_types) &&
    within(decided.dataTypes, requested.allowed_data_types) &&
    within(decided.categories, requested.allowed_categories)
  );
}

/**
 * The scopes to ask for when something is missing: the session's and what is missing, if the grant has it. If it
 * doesn't, the user will be asked to grant anew, so all of the grant is asked for along with it: a yes must not
 * take away what they had granted before.
 */
export function widened(session: Scopes, grant: Scopes, needed: Scopes): WireScopes {
  const covers = (["taskTypes", "dataTypes", "categories"] as const).every(
    (scope) => missingFrom<string>(needed[scope], grant[scope]).length === 0,
  );
  const base = covers ? session : grant;
  return toWire({
    taskTypes: unique([...base.taskTypes, ...needed.taskTypes]),
    dataTypes: unique([...base.dataTypes, ...needed.dataTypes]),
    categories: unique([...base.categories, ...needed.categories]),
  });
}
