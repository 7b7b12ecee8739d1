import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import type { SqlPool } from "../../ports/sql.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { AppError, invalidField, notFound } from "../../protocol/errors.ts";
import { requireFuture, requireId } from "../../protocol/fields.ts";
import type { AskAboveInput, DontAskInput, EndRuleInput, RuleOutput } from "./schema.ts";
import {
  endAskAbove,
  endDontAsk,
  endRuleById,
  findAllowedCall,
  findGrantOfRule,
  insertAskAbove,
  insertDontAsk,
  lockOwnGrant,
} from "./store.ts";

/**
 * Rules that the user sets afterwards, from what an agent has done. They are checked in the statement that reserves a call's
 * money, and never let an agent spend more than its grant.
 */

type Context = Pick<Deps, "sql" | "log"> & { actor: UserActor };

/**
 * From now on, each call of the agent that costs more than the amount needs one more yes. Replaces the rule before.
 * @throws AppError `not_found` for a grant that isn't the user's, or isn't live
 */
export async function askAbove(
  { sql, log, actor }: Context,
  input: z.infer<typeof AskAboveInput>,
): Promise<z.infer<typeof RuleOutput>> {
  const grantId = requireId(input.grant_id, "grant");
  const rule = await sql.transaction(async (tx) => {
    if ((await lockOwnGrant.first(tx, { id: grantId, user_id: actor.userId })) === undefined)
      throw notFound("grant");
    await endAskAbove.count(tx, { grant_id: grantId });
    return insertAskAbove.one(tx, { grant_id: grantId, amount_micros: centsToMicros(input.amount_cents) });
  });
  log.info({ event: "rule_set", kind: "ask_above", rule_id: rule.id, grant_id: grantId }, "rule set");
  return { rule_id: rule.id };
}

/**
 * From now on, calls of a service don't need that yes, until a time and up to an amount in all. The user must have said yes to
 * such a call of this service before. Replaces the service's rule before.
 * @throws AppError `not_found` for an approval that isn't such a yes of this user; `conflict` if the grant isn't live;
 *   `validation_error` if the rule would outlive the grant, or allow nothing
 */
export async function dontAsk(
  { sql, log, actor }: Context,
  input: z.infer<typeof DontAskInput>,
): Promise<z.infer<typeof RuleOutput>> {
  const approvalId = requireId(input.approval_id, "approval");
  const expiresAt = requireFuture(input.expires_at, "/expires_at");
  const amountMicros = centsToMicros(input.cap_cents);
  if (amountMicros === 0n) throw invalidField("/cap_cents", "must be more than 0", "exclusiveMinimum");
  const call = await findAllowedCall.first(sql, { id: approvalId, user_id: actor.userId });
  if (call === undefined) throw notFound("approval");
  const rule = await sql.transaction(async (tx) => {
    const grant = await lockOwnGrant.first(tx, { id: call.grant_id, user_id: actor.userId });
    if (grant === undefined)
      throw new AppError("conflict", { message: "This agent may do nothing at the moment." });
    if (expiresAt > grant.expires_at)
      throw invalidField("/expires_at", "must not be later than what the agent may do ends", "maximum");
    await endDontAsk.count(tx, { grant_id: call.grant_id, service: call.service });
    return insertDontAsk.one(tx, {
      ...{ grant_id: call.grant_id, service: call.service },
      ...{ amount_micros: amountMicros, expires_at: expiresAt },
    });
  });
  log.info({ event: "rule_set", kind: "dont_ask", rule_id: rule.id, grant_id: call.grant_id }, "rule set");
  return { rule_id: rule.id };
}

/** Ends a rule at once. @throws AppError `not_found` for one that isn't the user's, or has ended */
export async function endRule(
  { sql, log, actor }: Context,
  input: z.infer<typeof EndRuleInput>,
): Promise<z.infer<typeof RuleOutput>> {
  const id = requireId(input.rule_id, "rule");
  if (!(await endOwn(sql, id, actor.userId))) throw notFound("rule");
  log.info({ event: "rule_ended", rule_id: id }, "rule ended");
  return { rule_id: id };
}

const endOwn = async (sql: SqlPool, id: string, userId: string): Promise<boolean> => {
  const rule = await findGrantOfRule.first(sql, { id, user_id: userId });
  if (rule === undefined) return false;
  return sql.transaction(async (tx) => {
    await lockOwnGrant.first(tx, { id: rule.grant_id, user_id: userId });
    return (await endRuleById.count(tx, { id })) === 1;
  });
};
