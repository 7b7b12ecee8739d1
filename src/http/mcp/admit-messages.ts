import { authenticateSession, verifyCaller } from "../../api/procedure/credentials.ts";
import type { ApiContext } from "../../api/procedure/context.ts";
import { countMessage } from "../../api/procedure/rate-limits.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { tokenKindOf } from "../../core/protocol/token-prefix.ts";
import type { Credential } from "./require-credential.ts";

/** Only one revision of the protocol has batches, and hosts hardly send any. Each message in one is answered at once. */
const MOST_MESSAGES = 10;

/** Inputs of operations are refused by themselves, at a third of it. The library's own checks would run out of stack. */
const MOST_DEPTH = 200;

/**
 * Refuses a request with too many or too deep messages, and counts those that call no tool: a list of all tools takes as long as many a call.
 * Calls of tools count by themselves.
 * @param tools by their names
 * @param body what was sent: a message, or a batch of them
 * @throws AppError `invalid_request`, `rate_limited`; `unauthorized` for a batch with the token of no session
 */
export async function admitMessages(
  ctx: ApiContext,
  credential: Credential,
  tools: ReadonlyMap<string, unknown>,
  body: unknown,
): Promise<void> {
  const messages: unknown[] = Array.isArray(body) ? body : [body];
  if (messages.length > MOST_MESSAGES)
    throw new AppError("invalid_request", {
      message: `A request may hold at most ${MOST_MESSAGES} messages.`,
    });
  if (isDeeperThan(body, MOST_DEPTH))
    throw new AppError("invalid_request", { message: `Must not nest deeper than ${MOST_DEPTH} levels.` });
  const counted = messages.filter((message) => !callsTool(message, tools)).length;
  if (counted === 0) return;
  const caller = await callerOf(ctx, credential);
  if (caller === undefined) {
    if (messages.length === 1) return;
    throw new AppError("unauthorized", { message: "A batch needs the token of a live session." });
  }
  for (let message = 0; message < counted; message += 1) await countMessage(ctx, caller);
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}

/** A call of a tool that there isn't is answered without us. */
function callsTool(message: unknown, tools: ReadonlyMap<string, unknown>): boolean {
  const { method, params } = (message ?? {}) as { method?: unknown; params?: { name?: unknown } | null };
  return method === "tools/call" && typeof params?.name === "string" && tools.has(params.name);
}

/**
 * Whose messages these are. Undefined: the token is of no session, which was counted by the client's address. The first call of a
 * tool tells its host.
 * @throws AppError `rate_limited`
 */
async function callerOf(ctx: ApiContext, { token, principal }: Credential): Promise<string | undefined> {
  if (tokenKindOf(token) !== "agent_session") return principal;
  try {
    return (await verifyCaller(ctx, token, () => authenticateSession(ctx, token))).sessionId;
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "rate_limited" || error.status >= 500) throw error;
    return ctx.subject.agentSessionId;
  }
}
