import type { Actor, SessionActor } from "../../context.ts";
import type { RequestSummary } from "./request-summary.ts";

/** Whom a call concerns, as far as its credential told. A refused call may be known in part, or not at all. */
export interface AuditSubject {
  agentSessionId?: string;
  grantId?: string;
  agentId?: string;
  /** Internal; the row is visible to this user. */
  userId?: string;
}

/** One call of an agent, once its outcome is known. A row of `agent_audit_logs`. */
export interface AuditEntry extends AuditSubject {
  surface: SessionActor["surface"];
  /** The operation id, such as `agent_run_service`. */
  operation: string;
  /** The path that was called, without its query. */
  endpoint: string;
  requestSummary: RequestSummary;
  responseStatus: number;
  errorCode?: string;
}

export interface AuditLog {
  /**
   * Resolves when the row is durable.
   * @throws AppError `service_unavailable` if it can't be made durable: no call of an agent goes unaudited.
   */
  append(entry: AuditEntry): Promise<void>;
}

/** What an actor says about whom a call concerns. */
export function subjectOf(actor: Actor): AuditSubject {
  switch (actor.kind) {
    case "agent":
      return { agentId: actor.agentId };
    case "session":
      return {
        agentSessionId: actor.sessionId,
        grantId: actor.grantId,
        agentId: actor.agentId,
        userId: actor.userId,
      };
    case "sponsor":
    case "admin":
      return {};
  }
}
