import type { Deps, SessionActor } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import { hashSecret, isToken } from "../credential/index.ts";
import { toWire } from "../scope/index.ts";
import type { SessionRow } from "./store.ts";
import { findSessionById, findSessionByToken } from "./store.ts";

/** Is called with the ids of a session's owner as soon as the credential is known, also if the session is then refused. */
export type OnIdentified = (subject: {
  agentSessionId: string;
  grantId: string;
  agentId: string;
  userId: string;
}) => void;

/**
 * Returns the session that a token belongs to. The session is read on every request and never cached, so that a
 * revoked session is refused from the next call on.
 * @throws AppError `unauthorized`, `session_revoked`, `session_expired`, `session_suspended`
 */
export async function authenticateSession(
  { sql }: Pick<Deps, "sql">,
  kind: "agent_session" | "gpt_session",
  token: string,
  onIdentified: OnIdentified = () => {},
): Promise<SessionActor> {
  const row = isToken(kind, token)
    ? await findSessionByToken.first(sql, { token_hash: hashSecret(token) })
    : undefined;
  if (row === undefined) {
    throw new AppError("unauthorized", {
      message: "A valid session token is required.",
      nextActions: [next.auth()],
    });
  }
  // Report the ids before a refusal: the audit log must show a refused call under its session.
  onIdentified({ agentSessionId: row.id, grantId: row.grant_id, agentId: row.agent_id, userId: row.user_id });
  requireLive(row);
  return toActor(row);
}

export const toActor = (row: SessionRow): SessionActor => ({
  kind: "session",
  sessionId: row.id,
  surface: row.surface,
  grantId: row.grant_id,
  subject: row.subject,
  agentId: row.agent_id,
  userId: row.user_id,
  scopes: {
    taskTypes: row.allowed_task_types,
    dataTypes: row.allowed_data_types,
    categories: row.allowed_categories,
  },
  grantScopes: {
    taskTypes: row.grant_task_types,
    dataTypes: row.grant_data_types,
    categories: row.grant_categories,
  },
  budgetAccountId: row.budget_account_id,
  grantBudgetAccountId: row.grant_budget_account_id,
  remainingMicros: row.remaining,
  expiresAt: row.expires_at,
  readsSponsorTexts: row.reads_sponsor_texts,
});

/** @throws AppError `session_revoked`, `session_expired`, `session_suspended` */
export function requireLive(row: SessionRow): void {
  const nextActions = [next.auth(sessionLike(row))];
  if (row.revoked) throw new AppError("session_revoked", { nextActions });
  if (row.expired) throw new AppError("session_expired", { nextActions });
  const { suspended_at: suspendedAt, suspended_reason: reason } = row;
  if (suspendedAt !== null)
    throw sessionSuspended({ sessionId: row.id, suspendedAt, reason }, [next.flowStatus()]);
}

/** The parameters of a session like one that has ended, as far as the grant still allows it. */
const sessionLike = (row: SessionRow): Record<string, unknown> => ({
  user_id: row.subject,
  scopes: toWire({
    taskTypes: row.allowed_task_types.filter((type) => row.grant_task_types.includes(type)),
    dataTypes: row.allowed_data_types.filter((type) => row.grant_data_types.includes(type)),
    categories: row.allowed_categories.filter((category) => row.grant_categories.includes(category)),
  }),
  budget_limit_cents: microsToCents(row.remaining),
});

/**
 * The error for a call under a suspended grant. All sessions of the grant are suspended together, and resuming one
 * resumes all (R7.5).
 */
export function sessionSuspended(
  suspended: { sessionId: string; suspendedAt: Date; reason: string | null },
  nextActions: NextAction[],
): AppError {
  return new AppError("session_suspended", {
    message: "All sessions of this agent for this user are suspended until the user resumes them.",
    details: {
      session_id: suspended.sessionId,
      reason: suspended.reason,
      suspended_at: suspended.suspendedAt.toISOString(),
      how_to_resume:
        "Ask the user to resume this session, which resumes the others too. Then repeat the call. The user can also revoke the grant.",
    },
    nextActions,
  });
}

/**
 * Looks at a session again. A call that has waited must do so before the user's data leaves, since the user may have taken
 * something back meanwhile.
 * @throws AppError `session_revoked`, `session_expired`, `session_suspended`
 */
export async function requireStillLive({ sql }: Pick<Deps, "sql">, sessionId: string): Promise<void> {
  const row = await findSessionById.first(sql, { id: sessionId });
  if (row === undefined) throw new AppError("session_revoked", { nextActions: [next.auth()] });
  requireLive(row);
}

/**
 * Explains why a statement found the session not live, although the session was live when the call started.
 * @returns the error to throw: `session_revoked`, `session_expired` or `session_suspended`. If the session is
 *   live now, `service_unavailable`: the user resumed it, or the call was stopped because it took too long.
 */
export async function explainEndedSession({ sql }: Pick<Deps, "sql">, sessionId: string): Promise<AppError> {
  try {
    await requireStillLive({ sql }, sessionId);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  return new AppError("service_unavailable", {
    message: "The call was not completed. Send the same request again.",
    retryAfterSeconds: 1,
  });
}
