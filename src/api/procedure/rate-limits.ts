import { countViolation } from "../../core/access/violation/index.ts";
import type { Actor } from "../../core/context.ts";
import type { RateRule } from "../../core/ports/rate-limiter.ts";
import { AppError } from "../../core/protocol/errors.ts";
import type { Leave } from "../../core/protocol/in-flight.ts";
import type { NextAction } from "../../core/protocol/next-actions.ts";
import { next } from "../../core/protocol/next-actions.ts";
import type { RateRules } from "../../core/protocol/rate-limit/index.ts";
import { rateLimited, rateLimitHeaders } from "../../core/protocol/rate-limit/index.ts";
import type { ApiContext } from "./context.ts";

/** The limit that a call counts against. */
interface CallLimit {
  rule: RateRule;
  /** Calls with the same key count together. */
  key: string;
  /** What the refusal suggests. */
  nextActions: NextAction[];
}

/**
 * Counts a call against its caller's limit. Replays count, and so do calls that are refused later for another
 * reason. A grant whose sessions go on calling after refusals is suspended (R7.5).
 * @throws AppError `rate_limited` if the call is over the limit
 */
export async function countCall(
  { deps, reply }: Pick<ApiContext, "deps" | "reply">,
  actor: Actor,
  operationId: string,
): Promise<void> {
  const limit = limitFor(deps.settings.rateRules, actor, operationId);
  if (limit === undefined) return;
  const { rule, key, nextActions } = limit;
  const take = await deps.limiter.take(rule, key);
  Object.assign(reply.headers, rateLimitHeaders(rule, take));
  if (take.allowed) return;
  if (actor.kind === "session") await countViolation({ ...deps, actor }, "rate");
  const whenToCall = `Wait ${take.resetSeconds} s first, or repeat this call after that time.`;
  throw rateLimited(
    rule,
    take,
    nextActions.map((action) => ({ ...action, description: `${action.description} ${whenToCall}` })),
  );
}

/** When a caller with too many calls at once may ask again. */
const BUSY_RETRY_SECONDS = 2;

/**
 * Takes a slot for a call of a session or a sponsor. The slow calls of one, such as runs and probes of slow upstreams, then
 * leave connections and memory for the others.
 * @returns gives the slot back
 * @throws AppError `rate_limited` if too many calls of the session or sponsor are under way
 */
export function enterCall({ deps }: Pick<ApiContext, "deps">, actor: Actor): Leave {
  if (actor.kind !== "session" && actor.kind !== "sponsor") return () => undefined;
  const { sessionCalls, sponsorCalls } = deps.inFlight;
  const [calls, id] =
    actor.kind === "session" ? [sessionCalls, actor.sessionId] : [sponsorCalls, actor.sponsorId];
  const leave = calls.enter(id);
  if (leave !== undefined) return leave;
  throw new AppError("rate_limited", {
    message: `${calls.limit} calls of this ${actor.kind} are under way. Wait until some have ended, then repeat the call.`,
    retryAfterSeconds: BUSY_RETRY_SECONDS,
    nextActions: actor.kind === "session" ? [next.flowStatus()] : [],
  });
}

type AddressContext = Pick<ApiContext, "deps" | "addressLimits" | "clientAddress">;

/**
 * Counts a call that needs no credential, because the caller pays for it. Calls of one client address count
 * together.
 * @throws AppError `rate_limited` if the call is over the limit
 */
export async function countPayer({
  deps,
  addressLimits,
  reply,
  clientAddress,
}: AddressContext & Pick<ApiContext, "reply">): Promise<void> {
  const rule = deps.settings.rateRules.directPayer;
  const take = await addressLimits.take(rule, clientAddress);
  Object.assign(reply.headers, rateLimitHeaders(rule, take));
  if (!take.allowed) throw rateLimited(rule, take);
}

/**
 * Counts a call without a credential. Calls of one client address count together.
 * @throws AppError `rate_limited` if the call is over the limit
 */
export const countAnonymous = (ctx: AddressContext): Promise<void> => countByAddress(ctx, "anonymous");

async function countByAddress(
  { deps, addressLimits, clientAddress }: AddressContext,
  name: keyof RateRules,
): Promise<void> {
  const rule = deps.settings.rateRules[name];
  const take = await addressLimits.take(rule, clientAddress);
  if (!take.allowed) throw rateLimited(rule, take);
}

/**
 * Counts a request of somebody who signs in. Those of one client address count together, whatever account they are for.
 * @throws AppError `rate_limited` if the request is over the limit
 */
export async function countSignIn(
  ctx: AddressContext,
  { hashesPassword }: { hashesPassword: boolean },
): Promise<void> {
  await countByAddress(ctx, "personSignIn");
  if (hashesPassword) await countByAddress(ctx, "passwordsTried");
}

/**
 * Counts a request of OAuth, before anything of it is stored or fetched: by its client address.
 * @throws AppError `rate_limited` if the request is over the limit
 */
export const countOAuth = (
  ctx: AddressContext,
  kind: "oauthRequest" | "oauthToken" | "oauthRegistration",
): Promise<void> => countByAddress(ctx, kind);

/**
 * Counts a message over MCP that calls no tool.
 * @param caller the id of the session, or of the grant behind an access token
 * @throws AppError `rate_limited` if the message is over the limit
 */
export async function countMessage({ deps }: Pick<ApiContext, "deps">, caller: string): Promise<void> {
  const rule = deps.settings.rateRules.mcpMessage;
  const take = await deps.limiter.take(rule, caller);
  if (!take.allowed) throw rateLimited(rule, take);
}

/**
 * Counts a call with the token of a session that has ended.
 * @throws AppError `rate_limited` if the call is over the limit
 */
export async function countEndedSession(
  { deps }: Pick<ApiContext, "deps">,
  sessionId: string,
): Promise<void> {
  const rule = deps.settings.rateRules.endedSession;
  const take = await deps.limiter.take(rule, sessionId);
  if (!take.allowed) throw rateLimited(rule, take, [next.auth()]);
}

/** The limit for an actor's call. Undefined for the administrator, who has no limit. */
function limitFor(rules: RateRules, actor: Actor, operationId: string): CallLimit | undefined {
  switch (actor.kind) {
    case "session": {
      const rule = actor.surface === "gpt" ? rules.gptSession : rules.agentSession;
      return { rule, key: actor.sessionId, nextActions: [next.flowStatus()] };
    }
    case "agent":
      return { rule: agentKeyRule(rules, operationId), key: actor.apiKeyId, nextActions: [next.auth()] };
    case "sponsor":
      return { rule: rules.sponsor, key: actor.sponsorId, nextActions: [] };
    case "user":
      return { rule: rules.person, key: actor.userId, nextActions: [] };
    case "admin":
      return undefined;
  }
}

function agentKeyRule(rules: RateRules, operationId: string): RateRule {
  if (operationId === "agent_auth") return rules.signIn;
  return operationId === "agent_get_approval" ? rules.approvalPoll : rules.agentKey;
}
