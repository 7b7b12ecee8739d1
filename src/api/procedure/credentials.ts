import type { IncomingHttpHeaders } from "node:http";
import type { Actor, AgentActor, SessionActor } from "../../core/context.ts";
import { subjectOf } from "../../core/observability/audit/index.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { tokenKindOf } from "../../core/protocol/token-prefix.ts";
import type { ApiContext } from "./context.ts";
import { identify } from "./identify.ts";

/** A bearer token as in RFC 6750. The length is bounded: none of our tokens is longer. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*) *$/i;

/**
 * Reads the token of an `Authorization: Bearer` header.
 * @throws AppError `unauthorized` if the header is missing or doesn't hold exactly one token
 */
export function bearerToken(headers: IncomingHttpHeaders): string {
  const token = BEARER.exec(headers.authorization ?? "")?.[1];
  if (token === undefined) {
    throw new AppError("unauthorized", { message: "Send a credential as `Authorization: Bearer …`." });
  }
  return token;
}

/**
 * Runs `check` on a credential, under the guard against repeated bad credentials. Then names the caller in
 * the audit subject.
 * @throws what `check` throws; AppError `rate_limited` once an address failed too often
 */
export async function verifyCaller<Caller extends Actor>(
  ctx: ApiContext,
  token: string,
  check: () => Promise<Caller> | Caller,
): Promise<Caller> {
  const caller = await ctx.credentialGuard.verify(ctx.clientAddress, token, check);
  identify(ctx, subjectOf(caller));
  return caller;
}

/** Authenticates an agent session. The audit subject is known even if the session is refused as ended. */
export const authenticateSession = (ctx: ApiContext, token: string): Promise<SessionActor> =>
  ctx.authenticators.session(token, (subject) => identify(ctx, subject));

/** Authenticates a GPT session. The audit subject is known even if the session is refused as ended. */
export const authenticateGptSession = (ctx: ApiContext, token: string): Promise<SessionActor> =>
  ctx.authenticators.gptSession(token, (subject) => identify(ctx, subject));

/**
 * Authenticates the caller of a request that matches no operation (an unknown path, a wrong method). Returns
 * undefined if the token is missing or bad. Such a request is refused anyway; without a caller, its audit row
 * only lacks a name.
 */
export async function recognizeCaller(ctx: ApiContext): Promise<AgentActor | SessionActor | undefined> {
  try {
    const token = bearerToken(ctx.headers);
    const check = checkByPrefix(ctx, token);
    return check === undefined ? undefined : await verifyCaller(ctx, token, check);
  } catch {
    return undefined;
  }
}

/** The check for a token's kind, which its prefix tells. Undefined for tokens that aren't an agent's. */
function checkByPrefix(
  ctx: ApiContext,
  token: string,
): (() => Promise<AgentActor | SessionActor>) | undefined {
  switch (tokenKindOf(token)) {
    case "agent_key":
      return () => ctx.authenticators.agentKey(token);
    case "agent_session":
      return () => authenticateSession(ctx, token);
    case "gpt_session":
      return () => authenticateGptSession(ctx, token);
    case "sponsor_key":
    case undefined:
      return undefined;
  }
}
