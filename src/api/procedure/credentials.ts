import type { IncomingHttpHeaders } from "node:http";
import type { Actor, SessionActor } from "../../core/context.ts";
import { subjectOf } from "../../core/observability/audit/index.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { tokenKindOf } from "../../core/protocol/token-prefix.ts";
import type { ApiContext } from "./context.ts";
import { identify } from "./identify.ts";
import { countAnonymous, countEndedSession } from "./rate-limits.ts";

/** A bearer token as in RFC 6750. The length is bounded: none of our tokens is longer. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*) *$/i;

/** The token of an `Authorization: Bearer` header. Undefined if the header doesn't hold exactly one. */
const bearerToken = (headers: IncomingHttpHeaders): string | undefined =>
  BEARER.exec(headers.authorization ?? "")?.[1];

/**
 * Reads the token of an `Authorization: Bearer` header. A call without one is counted by its client address.
 * @throws AppError `unauthorized` if the header is missing or doesn't hold exactly one token; `rate_limited` once too
 *   many calls of the address had none
 */
export async function requireToken(ctx: ApiContext): Promise<string> {
  const token = bearerToken(ctx.headers);
  if (token !== undefined) return token;
  await countAnonymous(ctx);
  throw new AppError("unauthorized", { message: "Send a credential as `Authorization: Bearer …`." });
}

/**
 * Runs `check` on a credential, under the guard against repeated bad credentials. Then names the caller in
 * the audit subject.
 * @throws what `check` throws; AppError `rate_limited` once an address failed too often, or an ended session was used
 *   too often
 */
export async function verifyCaller<Caller extends Actor>(
  ctx: ApiContext,
  token: string,
  check: () => Promise<Caller> | Caller,
): Promise<Caller> {
  try {
    const caller = await ctx.credentialGuard.verify(ctx.clientAddress, token, check);
    identify(ctx, subjectOf(caller));
    return caller;
  } catch (error) {
    const { agentSessionId } = ctx.subject;
    if (agentSessionId !== undefined && hasEnded(error)) await countEndedSession(ctx, agentSessionId);
    throw error;
  }
}

const hasEnded = (error: unknown): boolean =>
  error instanceof AppError && (error.code === "session_expired" || error.code === "session_revoked");

/**
 * Authenticates an agent session: by its token, and on MCP also by an access token. The audit subject is known even if the
 * session is refused as ended.
 */
export const authenticateSession = (ctx: ApiContext, token: string): Promise<SessionActor> =>
  ctx.surface === "mcp" && tokenKindOf(token) === "oauth_access"
    ? authenticateAccessToken(ctx, token, "mcp")
    : ctx.authenticators.session(token, (subject) => identify(ctx, subject));

/** Authenticates an OAuth access token. The audit subject is known even if the session behind it is refused. */
export const authenticateAccessToken = (
  ctx: ApiContext,
  token: string,
  surface: "mcp" | "gpt",
): Promise<SessionActor> =>
  ctx.authenticators.accessToken(token, surface, (subject) => identify(ctx, subject));

/** Authenticates a GPT session. The audit subject is known even if the session is refused as ended. */
export const authenticateGptSession = (ctx: ApiContext, token: string): Promise<SessionActor> =>
  ctx.authenticators.gptSession(token, (subject) => identify(ctx, subject));

/**
 * Authenticates the caller of a request that matches no operation (an unknown path, a wrong method). Returns
 * undefined if the token is missing or bad. Such a request is refused anyway; without a caller, its audit row
 * only lacks a name.
 * @throws AppError `rate_limited` once too many calls came without a valid credential
 */
export async function recognizeCaller(ctx: ApiContext): Promise<Actor | undefined> {
  try {
    const token = await requireToken(ctx);
    return await verifyCaller(ctx, token, checkByPrefix(ctx, token));
  } catch (error) {
    if (error instanceof AppError && error.code === "rate_limited") throw error;
    return undefined;
  }
}

/** The check for a token's kind, which its prefix tells. The administrator's key has no prefix. */
function checkByPrefix(ctx: ApiContext, token: string): () => Promise<Actor> | Actor {
  switch (tokenKindOf(token)) {
    case "agent_key":
      return () => ctx.authenticators.agentKey(token);
    case "agent_session":
      return () => authenticateSession(ctx, token);
    case "gpt_session":
      return () => authenticateGptSession(ctx, token);
    case "sponsor_key":
      return () => ctx.authenticators.sponsorKey(token);
    case "oauth_access":
      return () => authenticateAccessToken(ctx, token, ctx.surface === "gpt" ? "gpt" : "mcp");
    case "oauth_refresh":
    case "oauth_client_secret":
    case "sponsor_invitation":
    case undefined:
      return () => ctx.authenticators.admin(token);
  }
}
