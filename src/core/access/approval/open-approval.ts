import { randomBytes, randomUUID } from "node:crypto";
import type { Deps } from "../../context.ts";
import type { Cipher } from "../../ports/cipher.ts";
import { canonicalJson } from "../../protocol/canonical-json.ts";
import type { OpenApproval } from "../../protocol/error-details.ts";
import { rateLimited } from "../../protocol/rate-limit/index.ts";
import { hashSecret } from "../credential/index.ts";
import type { ApprovalKind } from "./schema.ts";
import { findSameApproval, insertApproval } from "./store.ts";

const POLL_INTERVAL_SECONDS = 5;

/** A code somebody has to type is short, so it lives short; the others wait for a known user. */
const LIFETIME_SECONDS: Record<ApprovalKind, number> = {
  grant: 600,
  gpt_sign_in: 600,
  budget: 86_400,
  data: 86_400,
};

export interface Question {
  kind: ApprovalKind;
  agentId: string;
  userId?: string | undefined;
  grantId?: string | undefined;
  sessionId?: string | undefined;
  /**
   * What makes a later question the same one, besides agent, kind and request: then the open approval is found
   * again instead of another being opened. Undefined: never the same.
   */
  sameQuestionKey: string | undefined;
  requested: Record<string, unknown>;
}

export const approvalUrl = (publicBaseUrl: string, approvalId: string): string =>
  `${publicBaseUrl}/approvals/${approvalId}`;

/**
 * Opens a question only the user can answer, and says how the agent shows it to them.
 * @throws `rate_limited` for an agent that asks ever new questions; asking the same again is free
 */
export async function openApproval(
  { db, cipher, log, limiter, settings }: Pick<Deps, "db" | "cipher" | "log" | "limiter" | "settings">,
  question: Question,
): Promise<OpenApproval> {
  const id = randomUUID();
  const sameness = question.sameQuestionKey ?? randomBytes(16).toString("hex");
  const requestDigest = hashSecret(
    canonicalJson([question.kind, question.grantId ?? null, sameness, question.requested]),
  );
  const same = await findSameApproval(db, question.agentId, requestDigest);
  if (same !== undefined) return approvalPrompt({ cipher, settings }, same);

  const rule = settings.rateRules.approvalOpened;
  const take = await limiter.take(rule, question.agentId);
  if (!take.allowed) throw rateLimited(rule, take);
  const approval = await insertApproval(db, {
    ...question,
    id,
    userId: question.userId,
    grantId: question.grantId,
    sessionId: question.sessionId,
    userCodeHash: hashSecret(userCode(cipher, id)),
    requestDigest,
    seconds: LIFETIME_SECONDS[question.kind],
  });
  if (approval.id === id) {
    log.info(
      { event: "approval_opened", approval_id: id, kind: question.kind, agent_id: question.agentId },
      "approval opened",
    );
  }
  return approvalPrompt({ cipher, settings }, approval);
}

/** What the agent shows the person for an approval that is open, the same each time. */
export function approvalPrompt(
  { cipher, settings }: Pick<Deps, "cipher" | "settings">,
  approval: { id: string; expires_at: Date },
): OpenApproval {
  return {
    approval_id: approval.id,
    approval_url: approvalUrl(settings.publicBaseUrl, approval.id),
    user_code: userCode(cipher, approval.id),
    expires_at: approval.expires_at.toISOString(),
    poll_interval_seconds: POLL_INTERVAL_SECONDS,
  };
}

/** RFC 8628 §6.1: letters that aren't mistaken for one another and spell no words. */
const CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ";

/**
 * The short code a person types, `XXXX-XXXX`, 34 bits. Derived from the id with our key rather than drawn, so
 * that the agent can be told it again while only its hash is stored.
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
