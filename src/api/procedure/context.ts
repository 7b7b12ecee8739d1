import type { IncomingHttpHeaders } from "node:http";
import type { AdminActor, AgentActor, Deps, SessionActor, SponsorActor } from "../../core/context.ts";
import type { AuditLog, AuditSubject } from "../../core/observability/audit/index.ts";
import type { Surface } from "../operation/operation-meta.ts";
import type { CallToAnswer } from "../response/error-body.ts";
import type { CredentialGuard } from "./credential-guard.ts";

/** Tells whom a credential belongs to as soon as that is known, so that a refused call is audited under it too. */
export type Identified = (subject: AuditSubject) => void;

/** Who stands behind a bearer token. Each throws an AppError, `unauthorized` and its kin, where nobody does. */
export interface Authenticators {
  session(token: string, identified: Identified): Promise<SessionActor>;
  gptSession(token: string, identified: Identified): Promise<SessionActor>;
  agentKey(token: string): Promise<AgentActor>;
  sponsorKey(token: string): Promise<SponsorActor>;
  admin(token: string): AdminActor;
}

/** What a procedure wants of its HTTP answer besides the body. Transports apply it; errors keep only the headers. */
export interface Reply {
  status?: number;
  headers: Record<string, string>;
  /** Goes out bare instead of what the procedure returned. Only REST knows files; see `file-response.ts`. */
  file?: ReplyFile;
  /** The same for bytes that somebody else made, such as an upstream. */
  bytes?: { contentType: string; body: Buffer };
}

/** A file that is made while it is sent. */
export interface ReplyFile {
  /** Without anything that needs quoting in a header. */
  filename: string;
  contentType: string;
  chunks: AsyncIterable<string>;
}

/** One call, whatever transport it came through. */
export interface ApiContext extends CallToAnswer {
  deps: Deps;
  authenticators: Authenticators;
  credentialGuard: CredentialGuard;
  audit: AuditLog;
  transport: "rest" | "trpc";
  surface: Surface;
  headers: IncomingHttpHeaders;
  /** The path that was called, without its query. */
  endpoint: string;
  /** Where the call comes from; an IPv6 client is its /64. */
  clientAddress: string;
  /** Aborts when the caller leaves before the answer. */
  signal: AbortSignal;
  reply: Reply;
  /**
   * Whom the audit row will name. The credential fills it in; a procedure may add what it learns, as
   * `agent.auth` does with the session it opens.
   */
  subject: AuditSubject;
  /** Fields this caller repeats in every call; GPTs, having no headers of their own, carry their session so. */
  carried: Record<string, string>;
}
