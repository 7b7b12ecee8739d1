import type { Deps, SessionActor } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import { hashSecret, isToken } from "../credential/index.ts";
import type { SessionRow } from "./store.ts";
import { findSession, findTokenHash } from "./store.ts";

/**
 * Who a session token belongs to, asked on every request and never cached, so that revoking holds on the very
 * next call.
 * @throws `unauthorized`, `session_revoked`, `session_expired`, `session_suspended`
 */
export async function authenticateSession(
  { db }: Pick<Deps, "db">,
  kind: "agent_session" | "gpt_session",
  token: string,
  identified: (subject: {
    agentSessionId: string;
    grantId: string;
    agentId: string;
    userId: string;
  }) => void = () => {},
): Promise<SessionActor> {
  const row = isToken(kind, token) ? await findSession(db, hashSecret(token)) : undefined;
  if (row === undefined) {
    throw new AppError("unauthorized", {
      message: "A valid session token is required.",
      nextActions: [next.auth()],
    });
  }
  // Before it may be refused: a call of a session that has ended is still that session's call.
  identified({ agentSessionId: row.id, grantId: row.grant_id, agentId: row.agent_id, userId: row.user_id });
  refuseDead(row);
  return {
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
  };
}

function refuseDead(row: SessionRow): void {
  const again = [next.auth()];
  if (row.revoked) throw new AppError("session_revoked", { nextActions: again });
  if (row.expired) throw new AppError("session_expired", { nextActions: again });
  if (row.suspended_at !== null) {
    throw new AppError("session_suspended", {
      message: "The session is suspended until the user resumes it.",
      details: {
        session_id: row.id,
        reason: row.suspended_reason,
        suspended_at: row.suspended_at.toISOString(),
        how_to_resume: "The user can resume or revoke this session. Ask them, then repeat the call.",
      },
      nextActions: [next.flowStatus()],
    });
  }
}

/**
 * Why a call that began live was refused in the middle: its session was revoked, suspended or has expired.
 * @returns the error to throw; where the session is live (again), that the call can be made once more
 */
export async function explainEndedSession({ db }: Pick<Deps, "db">, sessionId: string): Promise<AppError> {
  const hash = await findTokenHash(db, sessionId);
  const row = hash && (await findSession(db, hash));
  if (row === undefined) return new AppError("session_revoked", { nextActions: [next.auth()] });
  try {
    refuseDead(row);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  return new AppError("service_unavailable", {
    message: "This took too long, and was given up.",
    retryAfterSeconds: 1,
  });
}
