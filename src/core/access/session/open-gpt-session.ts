import type { z } from "zod";
import type { AgentActor } from "../../context.ts";
import type { Sql } from "../../ports/sql.ts";
import { centsToMicros, microsToCents } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import { mintToken } from "../credential/index.ts";
import type { WireRequestedScopes } from "../scope/index.ts";
import { narrow, toWire } from "../scope/index.ts";
import type { OpenSessionOutput } from "./schema.ts";
import { findLiveGrant, insertSession } from "./store.ts";

/**
 * Opens a GPT's session on a grant. Scopes and budget are what the GPT asked for, narrowed to the grant.
 * @param maxSeconds the longest lifetime; the session also ends with the grant
 * @throws AppError `conflict` if the grant was revoked or has expired
 */
export async function openGptSession(
  { sql, actor }: { sql: Sql; actor: AgentActor },
  grantId: string,
  requested: { scopes: WireRequestedScopes; budget_limit_cents: number },
  maxSeconds: number,
): Promise<{
  data: z.infer<typeof OpenSessionOutput>;
  subject: { agentSessionId: string; grantId: string; userId: string };
}> {
  const grant = await findLiveGrant.first(sql, { id: grantId });
  if (grant === undefined) throw grantEnded();
  const scopes = narrow(requested.scopes, {
    taskTypes: grant.allowed_task_types,
    dataTypes: grant.allowed_data_types,
    categories: grant.allowed_categories,
  });
  const requestedMicros = centsToMicros(requested.budget_limit_cents);
  const budgetMicros = requestedMicros < grant.remaining ? requestedMicros : grant.remaining;
  const { token, hash } = mintToken("gpt_session");
  const session = await insertSession(sql, {
    grantId,
    apiKeyId: actor.apiKeyId,
    tokenHash: hash,
    surface: "gpt",
    scopes,
    budgetMicros,
    seconds: undefined,
    maxSeconds,
  });
  if (session === undefined) throw grantEnded();
  return {
    data: {
      session_token: token,
      session_id: session.id,
      agent_id: actor.agentId,
      user_id: grant.subject,
      scopes: toWire(scopes),
      budget_limit_cents: microsToCents(budgetMicros),
      expires_at: session.expires_at.toISOString(),
    },
    subject: { agentSessionId: session.id, grantId, userId: grant.user_id },
  };
}

const grantEnded = (): AppError =>
  new AppError("conflict", { message: "The grant was revoked or has expired. Sign in again." });
