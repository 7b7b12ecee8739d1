import type { AgentActor, SessionActor } from "../../core/context.ts";
import { subjectOf } from "../../core/observability/audit/index.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { tokenKindOf } from "../../core/protocol/token-prefix.ts";
import type { ApiContext } from "./context.ts";
import { authenticateAccessToken, authenticateGptSession } from "./credentials.ts";
import { identify } from "./identify.ts";

/**
 * Authenticates a call on the GPT surface. GPTs can't send headers of their own: the bearer token is the
 * builder's agent key, and the person's session token is the input field `session_token`. Clients that can
 * choose their bearer token may send the session token there instead, and a GPT that signs people in by OAuth sends its access token.
 * @returns the session, or the agent if the input has no session token
 * @throws AppError `unauthorized`, also for a session of another agent; `session_expired`, `session_revoked`,
 *   `session_suspended`
 */
export async function gptCaller(
  ctx: ApiContext,
  token: string,
  readInput: () => Promise<unknown>,
): Promise<AgentActor | SessionActor> {
  if (tokenKindOf(token) === "gpt_session") return authenticateGptSession(ctx, token);
  if (tokenKindOf(token) === "oauth_access") return authenticateAccessToken(ctx, token, "gpt");

  const agent = await ctx.authenticators.agentKey(token);
  identify(ctx, subjectOf(agent)); // also if the person's token is refused below
  const sessionToken = readSessionToken(await readInput());
  if (sessionToken === undefined) return agent;
  // Before it is refused: what a suspended session is led to takes the same token.
  ctx.repeatedFields.session_token = sessionToken;
  const session = await authenticateGptSession(ctx, sessionToken);
  // A leaked session token must be useless to another builder.
  if (session.agentId !== agent.agentId) throw new AppError("unauthorized");
  return session;
}

/**
 * Authenticates a call on the GPT surface that needs a signed-in person.
 * @throws what `gptCaller` throws; AppError `unauthorized` if the input has no session token
 */
export async function gptSession(
  ctx: ApiContext,
  token: string,
  readInput: () => Promise<unknown>,
): Promise<SessionActor> {
  const caller = await gptCaller(ctx, token, readInput);
  if (caller.kind === "session") return caller;
  throw new AppError("unauthorized", { message: "Sign the person in first, then send the session_token." });
}

function readSessionToken(input: unknown): string | undefined {
  if (typeof input !== "object" || input === null || !("session_token" in input)) return undefined;
  return typeof input.session_token === "string" ? input.session_token : undefined;
}
