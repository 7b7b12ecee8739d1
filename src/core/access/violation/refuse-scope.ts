import type { Deps, Scopes, SessionActor } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import { widened } from "../scope/index.ts";
import { countViolation } from "./count-violation.ts";

export type ScopeName = "task_types" | "data_types" | "categories";

/**
 * Refuses a call outside the session's scopes and counts a violation (R7.5). The violation that
 * suspends the session still gives `scope_violation`; the next call gives `session_suspended`.
 * @param dryRun a dry run gets the same error, but counts no violation
 * @throws AppError `scope_violation`, always. It names the missing scopes, and its next action asks for a session
 *   that includes them.
 */
export async function refuseScope(
  ctx: Pick<Deps, "sql" | "log" | "settings"> & { actor: SessionActor },
  scope: ScopeName,
  missing: string[],
  dryRun = false,
): Promise<never> {
  if (!dryRun) await countViolation(ctx, "scope");
  throw scopeViolation(ctx.actor, scope, missing);
}

function scopeViolation(actor: SessionActor, scope: ScopeName, missing: string[]): AppError {
  const needed: Scopes = {
    taskTypes: scope === "task_types" ? missing : [],
    dataTypes: scope === "data_types" ? (missing as DataType[]) : [],
    categories: scope === "categories" ? missing : [],
  };
  return new AppError("scope_violation", {
    message: `The session's scopes don't include these ${scope.replace("_", " ")}: ${missing.join(", ")}.`,
    details: { scope, missing },
    nextActions: [
      next.auth({
        user_id: actor.subject,
        scopes: widened(actor.scopes, actor.grantScopes, needed),
        budget_limit_cents: microsToCents(actor.remainingMicros),
      }),
      next.searchServices(),
    ],
  });
}
