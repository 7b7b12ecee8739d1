import type { Deps, Scopes, SessionActor } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import { isEmpty, lackingFrom, widened } from "../scope/index.ts";
import { readGrantUnspent } from "./store.ts";

/**
 * The action that opens a session with what this one has and what a call needs. If the grant lacks some of it, the user is asked for a
 * grant that replaces the present one. It then asks for all that the present one gives, with what is unspent of its budget: an
 * approval of more must take nothing away.
 * @param costMicros what the session has to be able to spend
 */
export async function authForMore(
  { sql, actor }: Pick<Deps, "sql"> & { actor: SessionActor },
  needed: Scopes,
  costMicros = 0n,
): Promise<NextAction> {
  const isGranted = isEmpty(lackingFrom(needed, actor.grantScopes));
  const budget = isGranted
    ? actor.remainingMicros
    : (await readGrantUnspent.one(sql, { id: actor.grantBudgetAccountId })).unspent;
  return next.auth({
    user_id: actor.subject,
    scopes: widened(actor.scopes, actor.grantScopes, needed),
    budget_limit_cents: microsToCents(budget > costMicros ? budget : costMicros),
  });
}
