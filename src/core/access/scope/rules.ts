import type { z } from "zod";
import type { Scopes } from "../../context.ts";
import type { ExplicitScopes, RequestedScopes } from "../../protocol/fields.ts";

type WireScopes = z.infer<typeof ExplicitScopes>;
export type WireRequestedScopes = z.infer<typeof RequestedScopes>;

const unique = <T>(list: readonly T[]): T[] => [...new Set(list)];

/** Converts explicit scopes from the wire, without duplicates. */
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

/** Returns the requested scopes. In each list, `["*"]` becomes everything in `available`. */
export function resolveEverything(requested: WireRequestedScopes, available: Scopes): Scopes {
  const resolve = <T extends string>(asked: readonly string[], all: T[]): T[] =>
    isEverything(asked) ? all : unique(asked as T[]);
  return {
    taskTypes: resolve(requested.allowed_task_types, available.taskTypes),
    dataTypes: resolve(requested.allowed_data_types, available.dataTypes),
    categories: resolve(requested.allowed_categories, available.categories),
  };
}

/** Returns the part of the requested scopes that `allowed` contains. */
export function narrow(requested: WireRequestedScopes, allowed: Scopes): Scopes {
  const asked = resolveEverything(requested, allowed);
  const intersect = <T>(list: T[], limit: T[]): T[] => list.filter((item) => limit.includes(item));
  return {
    taskTypes: intersect(asked.taskTypes, allowed.taskTypes),
    dataTypes: intersect(asked.dataTypes, allowed.dataTypes),
    categories: intersect(asked.categories, allowed.categories),
  };
}

/** Returns the wanted items that `allowed` lacks, without duplicates. */
export const missingFrom = <T>(wanted: readonly T[], allowed: readonly T[]): T[] =>
  unique(wanted).filter((item) => !allowed.includes(item));

/** Returns what the needed scopes have and the allowed ones lack. */
export const lackingFrom = (needed: Scopes, allowed: Scopes): Scopes => ({
  taskTypes: missingFrom(needed.taskTypes, allowed.taskTypes),
  dataTypes: missingFrom(needed.dataTypes, allowed.dataTypes),
  categories: missingFrom(needed.categories, allowed.categories),
});

export const isEmpty = ({ taskTypes, dataTypes, categories }: Scopes): boolean =>
  taskTypes.length + dataTypes.length + categories.length === 0;

/** Returns whether a user's decision stays inside the request. If the agent asked for `["*"]`, any list does. */
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
 * Returns the scopes to ask for when a session lacks the `needed` ones.
 *
 * If the grant has them: the session's scopes and the needed ones. If the grant lacks them: the grant's scopes
 * and the needed ones. In that case the user decides on a new grant, which replaces the old one. Without the
 * old grant's scopes, an approval would take away what the user granted before.
 */
export function widened(session: Scopes, grant: Scopes, needed: Scopes): WireScopes {
  const grantCovers = (["taskTypes", "dataTypes", "categories"] as const).every(
    (scope) => missingFrom<string>(needed[scope], grant[scope]).length === 0,
  );
  const base = grantCovers ? session : grant;
  return toWire({
    taskTypes: unique([...base.taskTypes, ...needed.taskTypes]),
    dataTypes: unique([...base.dataTypes, ...needed.dataTypes]),
    categories: unique([...base.categories, ...needed.categories]),
  });
}
