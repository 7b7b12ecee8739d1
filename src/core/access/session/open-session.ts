import type { z } from "zod";
import type { AgentActor, Deps } from "../../context.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import { isId } from "../../protocol/fields.ts";
import { next } from "../../protocol/next-actions.ts";
import { openApproval } from "../approval/index.ts";
import { mintToken } from "../credential/index.ts";
import { resolveEverything, toWire } from "../scope/index.ts";
import type { OpenSessionInput, OpenSessionOutput } from "./schema.ts";
import { MAX_SESSION_SECONDS } from "./schema.ts";
import { findLiveGrant, insertSession } from "./store.ts";

type Input = z.infer<typeof OpenSessionInput>;

export interface OpenedSession {
  data: z.infer<typeof OpenSessionOutput>;
  /** Whom it is for, for the audit row; not for the agent. */
  subject: { agentSessionId: string; grantId: string; userId: string };
}

/**
 * Turns an API key into a session that narrows one grant.
 * @throws `consent_required` where no live grant covers all that is asked. A user unknown to this agent, one
 *   who granted less, and none at all look alike, and each opens an approval.
 */
export async function openSession(
  ctx: Pick<Deps, "db" | "log" | "cipher" | "limiter" | "settings"> & { actor: AgentActor },
  input: Input,
): Promise<OpenedSession> {
  const { actor, db } = ctx;
  const grant =
    input.user_id !== undefined && isId(input.user_id)
      ? await findLiveGrant(db, actor.agentId, input.user_id)
      : undefined;
  if (grant === undefined || input.user_id === undefined) throw await consentRequired(ctx, input, undefined);

  const scopes = resolveEverything(input.scopes, {
    taskTypes: grant.allowed_task_types,
    dataTypes: grant.allowed_data_types,
    categories: grant.allowed_categories,
  });
  const { token, hash } = mintToken("agent_session");
  const session = await insertSession(db, {
    grantId: grant.id,
    apiKeyId: actor.apiKeyId,
    tokenHash: hash,
    surface: "agent",
    scopes,
    budgetMicros: centsToMicros(input.budget_limit_cents),
    seconds: input.expires_in_seconds,
    maxSeconds: MAX_SESSION_SECONDS,
  });
  if (session === undefined) throw await consentRequired(ctx, input, grant);

  ctx.log.info(
    { event: "session_opened", session_id: session.id, agent_id: actor.agentId },
    "session opened",
  );
  return {
    data: {
      session_token: token,
      session_id: session.id,
      agent_id: actor.agentId,
      user_id: input.user_id,
      scopes: toWire(scopes),
      budget_limit_cents: input.budget_limit_cents,
      expires_at: session.expires_at.toISOString(),
    },
    subject: { agentSessionId: session.id, grantId: grant.id, userId: grant.user_id },
  };
}

async function consentRequired(
  ctx: Pick<Deps, "db" | "log" | "cipher" | "limiter" | "settings"> & { actor: AgentActor },
  input: Input,
  grant: { id: string; user_id: string } | undefined,
): Promise<AppError> {
  const approval = await openApproval(ctx, {
    kind: "grant",
    agentId: ctx.actor.agentId,
    userId: grant?.user_id,
    grantId: grant?.id,
    // On first contact the agent doesn't say for whom it asks: two people must never share a question.
    sameQuestionKey: input.user_id,
    requested: {
      scopes: input.scopes,
      budget_limit_cents: input.budget_limit_cents,
      expires_in_seconds: input.expires_in_seconds ?? null,
    },
  });
  return new AppError("consent_required", {
    details: approval,
    nextActions: [next.getApproval(approval.approval_id)],
  });
}
