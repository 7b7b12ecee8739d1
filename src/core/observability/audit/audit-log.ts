import type { Actor, SessionActor } from "../../context.ts";
import type { RequestSummary } from "./request-summary.ts";

/** The session, grant, agent and user of a call. A refused call may have only some of them, or none. */
export interface AuditSubject {
  agentSessionId?: string;
  grantId?: string;
  agentId?: string;
  /** The internal user id. This user can see the row. */
  userId?: string;
}

/** One finished call of an agent: a row of `agent_audit_logs`. */
export interface AuditEntry extends AuditSubject {
  surface: SessionActor["surface"];
  /** The operation id, such as `agent_run_service`. */
  operation: string;
  /** The path of the call, without its query. */
  endpoint: string;
  requestSummary: RequestSummary;
  responseStatus: number;
  errorCode?: string;
}

/** Stores audit rows. The platform implements it. */
export interface AuditLog {
  /**
   * Resolves when the row is stored durably.
   * @throws AppError `service_unavailable` if the row can't be stored. Every call of an agent must be audited.
   */
  append(entry: AuditEntry): Promise<void>;
}

/** Returns the audit ids of an actor. Calls of sponsors and the administrator have none. */
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
