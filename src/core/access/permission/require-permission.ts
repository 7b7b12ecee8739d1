import type { Deps, Scopes, SessionActor } from "../../context.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { AppError } from "../../protocol/errors.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import { askUser, type Asked, type AskedAbout, type LackingMoney } from "../approval/index.ts";
import { isEmpty, lackingFrom } from "../scope/index.ts";
import { authForMore } from "../session/index.ts";
import { countViolation } from "../violation/index.ts";

type Context = Pick<Deps, "db" | "sql" | "cipher" | "log" | "limiter" | "settings"> & { actor: SessionActor };

export interface PermissionOptions {
  /** What the call is about. The user sees it with the question. */
  about: AskedAbout;
  /** A dry run gets the same errors, but opens no approval and counts no violation. */
  dryRun?: boolean;
  /** Looks up whether the user has to say yes to what the call costs. Asked only if a scope is lacking. */
  findLackingMoney?: () => Promise<LackingMoney | undefined>;
}

/**
 * Checks that session and grant allow what a call needs (R2.4, R4.4, R6.2, R6.4), before anything is stored or sent. The
 * grant's data types are the user's standing consent. What the grant lacks, the user is asked for; a call that lacks several
 * things asks once.
 * @throws AppError `scope_violation` if a task type or category is lacking, or only the session lacks a data type;
 *   `data_consent_required` if the grant lacks a data type
 */
export async function requirePermission(
  ctx: Context,
  needed: Scopes,
  options: PermissionOptions,
): Promise<void> {
  const { scopes, grantScopes } = ctx.actor;
  const lacking = lackingFrom(needed, scopes);
  const ungranted = lackingFrom(needed, grantScopes);
  if (isEmpty(lacking) && isEmpty(ungranted)) return;
  // An approval adds what the grant lacks to the session, too. What only the session lacks needs another session first:
  // with the approval alone, the next try would fail.
  const sessionOnly = lackingFrom(lacking, ungranted);

  const violation =
    refusalOf("task_types", lacking.taskTypes) ??
    refusalOf("categories", lacking.categories) ??
    refusalOf("data_types", sessionOnly.dataTypes);
  // Before the question: opening one can be refused, and the violation counts all the same.
  if (violation !== undefined && options.dryRun !== true) await countViolation(ctx, "scope");
  const asked = isEmpty(sessionOnly) ? await ask(ctx, ungranted, options) : undefined;
  throw violation === undefined
    ? consentRequired(ungranted.dataTypes, asked)
    : await scopeViolation(ctx, violation, asked);
}

/** @returns undefined in a dry run, and if no question of the user would help */
async function ask(
  ctx: Context,
  ungranted: Scopes,
  { about, dryRun, findLackingMoney }: PermissionOptions,
): Promise<Asked | undefined> {
  if (dryRun === true) return undefined;
  return askUser(ctx, { scopes: ungranted, money: await findLackingMoney?.() }, about);
}

type ScopeName = "task_types" | "data_types" | "categories";
interface Violation {
  scope: ScopeName;
  missing: string[];
}

const refusalOf = (scope: ScopeName, missing: string[]): Violation | undefined =>
  missing.length === 0 ? undefined : { scope, missing };

/**
 * The error for a call outside the session's scopes. The violation that suspends the session still gives it; the next call
 * gives `session_suspended`. Its last actions ask for a session that includes what is missing.
 */
async function scopeViolation(
  ctx: Context,
  { scope, missing }: Violation,
  asked: Asked | undefined,
): Promise<AppError> {
  const needed: Scopes = {
    taskTypes: scope === "task_types" ? missing : [],
    dataTypes: scope === "data_types" ? (missing as DataType[]) : [],
    categories: scope === "categories" ? missing : [],
  };
  return new AppError("scope_violation", {
    message: `The session's scopes don't include these ${scope.replace("_", " ")}: ${missing.join(", ")}.`,
    namesInMessage: missing,
    details: { scope, missing, ...asked },
    nextActions: [...waitFor(asked), await authForMore(ctx, needed), next.searchServices()],
  });
}

const consentRequired = (missing: DataType[], asked: Asked | undefined): AppError =>
  new AppError("data_consent_required", {
    message: `The user hasn't consented to sending: ${missing.join(", ")}.`,
    details: { missing, ...asked },
    ...(asked !== undefined && { nextActions: waitFor(asked) }),
  });

const waitFor = (asked: Asked | undefined): NextAction[] =>
  asked === undefined ? [] : [next.getApproval(asked.approval_id)];
