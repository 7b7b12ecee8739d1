import type { z } from "zod";
import type { AgentActor } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
import type { Sql } from "../../ports/sql.ts";
import { centsToMicros, microsToCents } from "../../protocol/amounts.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import { mintToken } from "../credential/index.ts";
import type { WireRequestedScopes } from "../scope/index.ts";
import { narrow, toWire } from "../scope/index.ts";
import type { OpenSessionOutput } from "./schema.ts";
import { requireNotSuspended } from "./require-not-suspended.ts";
import type { LiveGrant } from "./store.ts";
import { findLiveGrantById, insertSession } from "./store.ts";

/**
 * Returns the grant of an approved sign-in.
 * @throws AppError `conflict` if it was revoked or has expired; `session_suspended` if it is suspended
 */
export async function requireLiveGrant(
  db: Queries,
  { id, grantId }: { id: string; grantId: string | null },
): Promise<LiveGrant> {
  const grant = grantId === null ? null : await findLiveGrantById(db, grantId);
  if (grant === null) throw grantEnded();
  await requireNotSuspended(db, grant, next.auth({ auth_request_id: id }));
  return grant;
}

/**
 * Opens a GPT's session on a grant. Scopes and budget are what the GPT asked for, narrowed to the grant.
 * @param maxSeconds the longest lifetime; the session also ends with the grant
 * @throws AppError `conflict` if the grant was revoked or has expired
 */
export async function openGptSession(
  { sql, actor }: { sql: Sql; actor: AgentActor },
  grant: LiveGrant,
  requested: { scopes: WireRequestedScopes; budget_limit_cents: number },
  maxSeconds: number,
): Promise<{
  data: z.infer<typeof OpenSessionOutput>;
  subject: { agentSessionId: string; grantId: string; userId: string };
}> {
  const scopes = narrow(requested.scopes, {
    taskTypes: grant.allowedTaskTypes,
    dataTypes: grant.allowedDataTypes as DataType[],
    categories: grant.allowedCategories,
  });
  const requestedMicros = centsToMicros(requested.budget_limit_cents);
  const budgetMicros = requestedMicros < grant.remaining ? requestedMicros : grant.remaining;
  const { token, hash } = mintToken("gpt_session");
  const session = await insertSession(sql, {
    grantId: grant.id,
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
    subject: { agentSessionId: session.id, grantId: grant.id, userId: grant.userId },
  };
}

const grantEnded = (): AppError =>
  new AppError("conflict", { message: "The grant was revoked or has expired. Sign in again." });
