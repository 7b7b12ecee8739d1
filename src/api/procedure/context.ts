import type { IncomingHttpHeaders } from "node:http";
import type {
  AdminActor,
  AgentActor,
  Deps,
  SessionActor,
  SponsorActor,
  UserActor,
} from "../../core/context.ts";
import type { AuditLog, AuditSubject } from "../../core/observability/audit/index.ts";
import type { Surface } from "../operation/operation-meta.ts";
import type { CallToAnswer } from "../response/error-body.ts";
import type { Detail } from "../response/concise/index.ts";
import type { RepeatedFields } from "../response/render-next-actions.ts";
import type { AddressLimits } from "./address-limits.ts";
import type { CredentialGuard } from "./credential-guard.ts";

/**
 * Called as soon as the owner of a credential is known, so that a refused call is audited under its owner
 * too.
 */
export type OnIdentified = (subject: AuditSubject) => void;

/**
 * Each function finds the owner of a bearer token. Each throws AppError `unauthorized` for an unknown token.
 * The session functions also throw `session_expired`, `session_revoked` and `session_suspended`.
 */
export interface Authenticators {
  session(token: string, onIdentified: OnIdentified): Promise<SessionActor>;
  gptSession(token: string, onIdentified: OnIdentified): Promise<SessionActor>;
  /** The same for an OAuth access token, which is good for one surface. What the user has ended is `unauthorized` there. */
  accessToken(token: string, surface: "mcp" | "gpt", onIdentified: OnIdentified): Promise<SessionActor>;
  agentKey(token: string): Promise<AgentActor>;
  sponsorKey(token: string): Promise<SponsorActor>;
  admin(token: string): AdminActor;
  /**
   * Finds the person who signed in, by the request's cookie. Undefined: nobody, or somebody whose address isn't proven.
   * The cookie says nothing about who made the browser send it: the caller has to check the origin.
   */
  person(headers: IncomingHttpHeaders): Promise<UserActor | undefined>;
}

/** What a procedure sets on its HTTP response besides the body. An error response uses only the headers. */
export interface Reply {
  status?: number;
  /** It carries what was paid for, so it goes out even if it can't be audited now. */
  isPaidFor?: boolean;
  headers: Record<string, string>;
  /**
   * Sent without the envelope, instead of what the procedure returned. Only REST does so; see
   * `file-response.ts`.
   */
  file?: ReplyFile;
  /** The same for bytes that another party made, such as an upstream. */
  bytes?: ReplyBytes;
}

/** A file whose content is produced while it is sent. */
export interface ReplyFile {
  /** Must not contain characters that need quoting in a header. */
  filename: string;
  contentType: string;
  chunks: AsyncIterable<string>;
}

export interface ReplyBytes {
  contentType: string;
  body: Buffer;
}

/** What decides whether the caller reads texts of sponsors and sellers. */
export interface Reader {
  /** The caller asks for quiet with this call. */
  asksForQuiet: boolean;
  /** What the user set in the grant. Null: nothing, so the surface's default holds, as before the caller is known. */
  readsSponsorTexts: boolean | null;
}

/** One call, on any transport. */
export interface ApiContext extends CallToAnswer {
  deps: Deps;
  authenticators: Authenticators;
  credentialGuard: CredentialGuard;
  addressLimits: AddressLimits;
  audit: AuditLog;
  transport: "rest" | "trpc" | "mcp";
  surface: Surface;
  headers: IncomingHttpHeaders;
  /** The path that was called, without its query. */
  endpoint: string;
  /** The caller's IP address; for an IPv6 client, its /64 network. */
  clientAddress: string;
  /** The call only asks what the operation costs: a GET or HEAD of an operation that is paid for by x402. */
  asksPrice: boolean;
  /** Whether the caller has disconnected before the response was sent. What it asked for is done all the same. */
  hasLeft: () => boolean;
  reply: Reply;
  reader: Reader;
  /** How much the answer says. A tool and a GPT say it in their input, others by a header. */
  detail: Detail;
  /**
   * Whom the audit row will name. Only `identify` writes it: first for the credential, then for what a
   * procedure learns, such as the session that `agent.auth` opens.
   */
  subject: AuditSubject;
  /** Fields that the caller has to send with every call; next actions come with them filled in. */
  repeatedFields: RepeatedFields;
}
