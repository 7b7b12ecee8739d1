import type { AgentActor, SessionActor } from "../../core/context.ts";
import { AppError } from "../../core/protocol/errors.ts";
import type { ApiContext } from "./context.ts";

/**
 * GPTs can't send headers of their own: the bearer is the builder's agent key, and the person's session a field.
 * A session as the bearer is taken too, and preferred by whoever can.
 */
export async function gptCaller(
  ctx: ApiContext,
  token: string,
  readInput: () => Promise<unknown>,
): Promise<AgentActor | SessionActor> {
  const { authenticators, subject } = ctx;
  const identified = (known: object): void => void Object.assign(subject, known);
  if (token.startsWith("tf_gs_")) return authenticators.gptSession(token, identified);

  const agent = await authenticators.agentKey(token);
  const field = sessionField(await readInput());
  if (field === undefined) return agent;
  const session = await authenticators.gptSession(field, identified);
  // Another builder's session, however it was come by, is nobody's here.
  if (session.agentId !== agent.agentId) throw new AppError("unauthorized");
  ctx.carried["session_token"] = field;
  return session;
}

/** @throws `unauthorized` where nobody is signed in, besides what `gptCaller` throws */
export async function gptSession(
  ctx: ApiContext,
  token: string,
  readInput: () => Promise<unknown>,
): Promise<SessionActor> {
  const caller = await gptCaller(ctx, token, readInput);
  if (caller.kind === "session") return caller;
  throw new AppError("unauthorized", { message: "Sign the person in first, then send the session_token." });
}

function sessionField(input: unknown): string | undefined {
  if (typeof input !== "object" || input === null || !("session_token" in input)) return undefined;
  return typeof input.session_token === "string" ? input.session_token : undefined;
}
