import type { Actor, Deps, SessionActor } from "../../context.ts";
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

/** A finished call of a caller without a credential. Nobody is named by it, so such calls are only counted. */
export interface AnonymousCall {
  /** A pseudonym of the client's address (`clientPseudonym`). */
  client: string;
  surface: SessionActor["surface"];
  operation: string;
  responseStatus: number;
  errorCode?: string;
}

/** How often an anonymous call was made in a stretch of time. Also a row of `agent_audit_logs`. */
export interface CountedCalls extends AnonymousCall {
  /** Chosen by the counter, so that a row that is written again is there once. */
  id: string;
  calls: number;
  /** When the first of them came. */
  since: Date;
  /** When counting them ended: the row's time. */
  until: Date;
}

/** Stores audit rows. The platform implements it. */
export interface AuditLog {
  /**
   * Resolves when the row is stored durably.
   * @throws AppError `service_unavailable` if the row can't be stored. Every call of an agent must be audited.
   */
  append(entry: AuditEntry): Promise<void>;
  /** Counts a call without a credential. The count is stored minutes later; a process that is killed loses it. */
  count(call: AnonymousCall): void;
}

/**
 * Returns a pseudonym of a client address for audit rows. It is another one every day (UTC): so the rows show what came from
 * the same place in one day, and can't be joined to a longer history.
 */
export const clientPseudonym = ({ cipher }: Pick<Deps, "cipher">, address: string, now: Date): string =>
  cipher
    .hmac(`audit-client:${now.toISOString().slice(0, 10)}:${address}`)
    .toString("base64url")
    .slice(0, 16);

/** Returns the audit ids of an actor. Sponsors and the administrator have none. */
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
    case "user":
      return { userId: actor.userId };
    case "sponsor":
    case "admin":
      return {};
  }
}
