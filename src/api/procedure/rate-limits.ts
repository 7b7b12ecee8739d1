import { countViolation } from "../../core/access/session/index.ts";
import type { Actor } from "../../core/context.ts";
import type { RateRule } from "../../core/ports/rate-limiter.ts";
import type { NextAction } from "../../core/protocol/next-actions.ts";
import { next } from "../../core/protocol/next-actions.ts";
import type { RateRules } from "../../core/protocol/rate-limit/index.ts";
import { rateLimited, rateLimitHeaders } from "../../core/protocol/rate-limit/index.ts";
import type { ApiContext } from "./context.ts";

/** What a call counts against, and what helps its caller when that was too much. */
interface Counted {
  rule: RateRule;
  key: string;
  nextActions: NextAction[];
}

/**
 * Counts a call against its caller's limit. Every call counts, also one that is refused for something else later,
 * and a replay. A session that keeps calling all the same is suspended (R7.5).
 * @throws AppError `rate_limited`
 */
export async function countCall(
  { deps, reply }: Pick<ApiContext, "deps" | "reply">,
  actor: Actor,
  operationId: string,
): Promise<void> {
  const counted = countedAs(deps.settings.rateRules, actor, operationId);
  if (counted === undefined) return;
  const { rule, key, nextActions } = counted;
  const take = await deps.limiter.take(rule, key);
  Object.assign(reply.headers, rateLimitHeaders(rule, take));
  if (take.allowed) return;
  if (actor.kind === "session") await countViolation({ ...deps, actor }, "rate");
  const waiting = `Only after ${take.resetSeconds} s, or repeat the call then.`;
  throw rateLimited(
    rule,
    take,
    nextActions.map((action) => ({ ...action, description: `${action.description} ${waiting}` })),
  );
}

/**
 * Counts a call that nobody has to sign in for: it is paid for. @throws AppError `rate_limited`
 */
export async function countPayer({
  deps,
  reply,
  clientAddress,
}: Pick<ApiContext, "deps" | "reply" | "clientAddress">): Promise<void> {
  const rule = deps.settings.rateRules.directPayer;
  const take = await deps.limiter.take(rule, clientAddress);
  Object.assign(reply.headers, rateLimitHeaders(rule, take));
  if (!take.allowed) throw rateLimited(rule, take);
}

/** The administrator's calls count against no limit. */
function countedAs(rules: RateRules, actor: Actor, operationId: string): Counted | undefined {
  switch (actor.kind) {
    case "session": {
      const rule = actor.surface === "gpt" ? rules.gptSession : rules.agentSession;
      return { rule, key: actor.sessionId, nextActions: [next.flowStatus()] };
    }
    case "agent":
      return { rule: keyRule(rules, operationId), key: actor.apiKeyId, nextActions: [next.auth()] };
    case "sponsor":
      return { rule: rules.sponsor, key: actor.sponsorId, nextActions: [] };
    case "admin":
      return undefined;
  }
}

function keyRule(rules: RateRules, operationId: string): RateRule {
  if (operationId === "agent_auth") return rules.signIn;
  return operationId === "agent_get_approval" ? rules.approvalPoll : rules.agentKey;
}
