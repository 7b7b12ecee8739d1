import { randomBytes, randomUUID } from "node:crypto";
import type { Deps } from "../../context.ts";
import type { Cipher } from "../../ports/cipher.ts";
import { canonicalJson } from "../../protocol/canonical-json.ts";
import type { OpenApproval } from "../../protocol/error-details.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import { rateLimited } from "../../protocol/rate-limit/index.ts";
import { hashSecret } from "../credential/index.ts";
import type { ApprovalKind } from "./schema.ts";
import { addAskingSession, findOpenApproval, insertApproval } from "./opening-store.ts";

/** So many wrong codes end an approval. */
export const MOST_WRONG_CODES = 5;

const POLL_INTERVAL_SECONDS = 5;

/** How many open approvals may wait for one user (R7.5): of all agents, and of one agent, which leaves room for others. */
const MOST_OPEN = { ofUser: 50, ofAgent: 10 };
const WAIT_WHEN_TOO_MANY_SECONDS = 60;

/**
 * The first two kinds live 10 minutes, because the user may type a short code, which could be guessed in a longer
 * time. The others wait for a user that is known already, so they can wait a day.
 */
const LIFETIME_SECONDS: Record<ApprovalKind, number> = {
  grant: 600,
  gpt_sign_in: 600,
  budget: 86_400,
  data: 86_400,
  combined: 86_400,
};

/** What to ask the user. */
export interface ApprovalRequest {
  kind: ApprovalKind;
  agentId: string;
  userId?: string | undefined;
  grantId?: string | undefined;
  sessionId?: string | undefined;
  /** The network address that the request came from. */
  askedFrom?: string | undefined;
  /** The OAuth client's request that this answers. It waits in the browser of `userId`, so there is no code to enter. */
  authorization?: { id: string; returnsTo: string } | undefined;
  /**
   * Two requests with the same agent, kind, grant, `requested` and key share one open approval.
   * Undefined: the request always opens a new approval.
   */
  sameQuestionKey: string | undefined;
  /** Stored in `approvals.requested`. schema.ts has its form for each kind. */
  requested: Record<string, unknown>;
}

export const approvalUrl = (publicBaseUrl: string, approvalId: string): string =>
  `${publicBaseUrl}/approvals/${approvalId}`;

/**
 * Opens an approval, or finds the open one for the same request. Returns what the agent shows to the user.
 * @throws AppError `rate_limited` if the agent opens too many new approvals, or too many wait for the user. Finding an
 *   open one doesn't count.
 */
export async function openApproval(
  {
    db,
    sql,
    cipher,
    log,
    limiter,
    settings,
  }: Pick<Deps, "db" | "sql" | "cipher" | "log" | "limiter" | "settings">,
  request: ApprovalRequest,
): Promise<OpenApproval> {
  const id = randomUUID();
  const key = request.sameQuestionKey ?? randomBytes(16).toString("hex");
  const requestDigest = hashSecret(
    canonicalJson([request.kind, request.grantId ?? null, key, request.requested]),
  );
  const {
    kind,
    agentId,
    userId = null,
    grantId = null,
    sessionId = null,
    askedFrom = null,
    authorization,
    requested,
  } = request;
  const existing = await findOpenApproval(db, agentId, requestDigest);
  if (existing !== null) {
    if (sessionId !== null) await addAskingSession.count(sql, { id: existing.id, session_id: sessionId });
    return approvalPrompt({ cipher, settings }, existing);
  }

  const rule = settings.rateRules.approvalOpened;
  const take = await limiter.take(rule, agentId);
  if (!take.allowed) throw rateLimited(rule, take);
  const approval = await insertApproval(
    sql,
    {
      ...{ id, kind, agent_id: agentId, user_id: userId, grant_id: grantId, session_id: sessionId },
      user_code_hash: hashSecret(userCode(cipher, id)),
      requested,
      asked_from: askedFrom,
      authorization_id: authorization?.id ?? null,
      returns_to: authorization?.returnsTo ?? null,
      request_digest: requestDigest,
      seconds: LIFETIME_SECONDS[kind],
    },
    MOST_OPEN,
  );
  if (approval === undefined) throw tooManyOpen();
  // A parallel call with the same request may have opened the approval first. Then only that call logs it.
  if (approval.id === id) {
    log.info({ event: "approval_opened", approval_id: id, kind, agent_id: agentId }, "approval opened");
  }
  return approvalPrompt({ cipher, settings }, { id: approval.id, expiresAt: approval.expires_at });
}

const tooManyOpen = (): AppError =>
  new AppError("rate_limited", {
    message: "Too many questions wait for this user's answer. Ask again when some are answered.",
    retryAfterSeconds: WAIT_WHEN_TOO_MANY_SECONDS,
    nextActions: [next.flowStatus()],
  });

/** Returns what the agent shows to the user for an open approval. It is the same every time. */
export function approvalPrompt(
  { cipher, settings }: Pick<Deps, "cipher" | "settings">,
  approval: { id: string; expiresAt: Date },
): OpenApproval {
  return {
    approval_id: approval.id,
    approval_url: approvalUrl(settings.publicBaseUrl, approval.id),
    user_code: userCode(cipher, approval.id),
    expires_at: approval.expiresAt.toISOString(),
    poll_interval_seconds: POLL_INTERVAL_SECONDS,
  };
}

/** The letters that RFC 8628 §6.1 recommends: easy to tell apart, and without vowels, so they spell no words. */
const CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ";

/**
 * Returns the short code that the user types: `XXXX-XXXX`, 34 bits. It is derived from the approval's id with a
 * secret key. So the agent can get the code again, although the database stores only its hash.
 */
function userCode(cipher: Cipher, approvalId: string): string {
  let digits = BigInt(`0x${cipher.hmac(`user-code:${approvalId}`).toString("hex")}`);
  let code = "";
  while (code.length < 9) {
    if (code.length === 4) code += "-";
    code += CODE_LETTERS.charAt(Number(digits % 20n));
    digits /= 20n;
  }
  return code;
}

/** Reads a code as people type it: in small letters too, with a hyphen, blanks or nothing between its halves. */
export function userCodeOf(typed: string): string {
  const letters = typed
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^A-Z]/g, "");
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}
