import type { z } from "zod";
import type { AgentActor } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
import { centsToMicros, microsToCents } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import { mintToken } from "../credential/index.ts";
import type { WireRequestedScopes } from "../scope/index.ts";
import { narrow, toWire } from "../scope/index.ts";
import type { OpenSessionOutput } from "./schema.ts";
import { findGrantById, insertSession } from "./store.ts";

/**
 * A GPT's session on a grant: what the GPT asked for, as far as the person granted it.
 * @throws `conflict` if the grant has ended meanwhile
 */
export async function openGptSession(
  { db, actor }: { db: Queries; actor: AgentActor },
  grantId: string,
  requested: { scopes: WireRequestedScopes; budget_limit_cents: number },
  maxSeconds: number,
): Promise<{
  data: z.infer<typeof OpenSessionOutput>;
  subject: { agentSessionId: string; grantId: string; userId: string };
}> {
  const grant = await findGrantById(db, grantId);
  if (grant === undefined) throw ended();
  const scopes = narrow(requested.scopes, {
    taskTypes: grant.allowed_task_types,
    dataTypes: grant.allowed_data_types,
    categories: grant.allowed_categories,
  });
  const wanted = centsToMicros(requested.budget_limit_cents);
  const budgetMicros = wanted < grant.remaining ? wanted : grant.remaining;
  const { token, hash } = mintToken("gpt_session");
  const session = await insertSession(db, {
    grantId,
    apiKeyId: actor.apiKeyId,
    tokenHash: hash,
    surface: "gpt",
    scopes,
    budgetMicros,
    seconds: undefined,
    maxSeconds,
  });
  if (session === undefined) throw ended();
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

const ended = (): AppError =>
  new AppError("conflict", { message: "What was granted has ended meanwhile. Sign in again." });
