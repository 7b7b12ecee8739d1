import type { IncomingHttpHeaders } from "node:http";
import type { AgentActor, SessionActor } from "../../core/context.ts";
import type { AuditSubject } from "../../core/observability/audit/index.ts";
import { subjectOf } from "../../core/observability/audit/index.ts";
import { AppError } from "../../core/protocol/errors.ts";
import type { ApiContext } from "./context.ts";

/** RFC 6750, bounded: no token of ours is longer. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*) *$/i;

/**
 * The token of an `Authorization: Bearer` header.
 * @throws AppError `unauthorized` if there is none, or it isn't one token
 */
export function bearerToken(headers: IncomingHttpHeaders): string {
  const token = BEARER.exec(headers.authorization ?? "")?.[1];
  if (token === undefined) {
    throw new AppError("unauthorized", { message: "Send a credential as `Authorization: Bearer …`." });
  }
  return token;
}

/**
 * Who makes a request that means no operation (an unknown path, a wrong method), as far as the token tells. Such a
 * request is refused anyway, so a bad token only leaves its audit row without a name.
 */
export async function identify(ctx: ApiContext): Promise<AgentActor | SessionActor | undefined> {
  try {
    const token = bearerToken(ctx.headers);
    const check = checkOf(token, ctx);
    if (check === undefined) return undefined;
    const caller = await ctx.credentialGuard.verify(ctx.clientAddress, token, check);
    Object.assign(ctx.subject, subjectOf(caller));
    return caller;
  } catch {
    return undefined;
  }
}

function checkOf(
  token: string,
  { authenticators, subject }: ApiContext,
): (() => Promise<AgentActor | SessionActor>) | undefined {
  const identified = (known: AuditSubject): void => void Object.assign(subject, known);
  if (token.startsWith("tf_ak_")) return () => authenticators.agentKey(token);
  if (token.startsWith("tf_as_")) return () => authenticators.session(token, identified);
  if (token.startsWith("tf_gs_")) return () => authenticators.gptSession(token, identified);
  return undefined;
}
