import type { z } from "zod";
import type { AgentActor, Deps } from "../../context.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { AppError } from "../../protocol/errors.ts";
import { isId } from "../../protocol/fields.ts";
import { next } from "../../protocol/next-actions.ts";
import { openApproval } from "../approval/index.ts";
import { mintToken } from "../credential/index.ts";
import { resolveEverything, toWire } from "../scope/index.ts";
import type { OpenSessionInput, OpenSessionOutput } from "./schema.ts";
import { MAX_SESSION_SECONDS } from "./schema.ts";
import type { LiveGrant } from "./store.ts";
import { findLiveGrantBySubject, insertSession } from "./store.ts";
import { requireNotSuspended } from "./require-not-suspended.ts";

type Input = z.infer<typeof OpenSessionInput>;

export interface OpenedSession {
  data: z.infer<typeof OpenSessionOutput>;
  /** The session's owner, for the audit log. It is not sent to the agent. */
  subject: { agentSessionId: string; grantId: string; userId: string };
}

/**
 * Opens a session for an agent that authenticated with its API key. The session narrows one grant.
 * @throws AppError `session_suspended` if the grant is suspended; `consent_required` if no live grant covers the
 *   whole request. It opens an approval. The error is the same if the user is unknown to this agent, granted less, or was not named, so the agent can't
 *   find out which users exist.
 */
export async function openSession(
  ctx: Pick<Deps, "db" | "sql" | "log" | "cipher" | "limiter" | "settings"> & {
    actor: AgentActor;
    clientAddress: string;
  },
  input: Input,
): Promise<OpenedSession> {
  const { actor, db, sql } = ctx;
  const grant =
    input.user_id !== undefined && isId(input.user_id)
      ? await findLiveGrantBySubject(db, actor.agentId, input.user_id)
      : null;
  if (grant === null || input.user_id === undefined) throw await openGrantApproval(ctx, input, undefined);
  await requireNotSuspended(db, grant, next.auth(input));

  const scopes = resolveEverything(input.scopes, {
    taskTypes: grant.allowedTaskTypes,
    dataTypes: grant.allowedDataTypes as DataType[],
    categories: grant.allowedCategories,
  });
  const { token, hash } = mintToken("agent_session");
  const session = await insertSession(sql, {
    grantId: grant.id,
    apiKeyId: actor.apiKeyId,
    tokenHash: hash,
    surface: "agent",
    scopes,
    budgetMicros: centsToMicros(input.budget_limit_cents),
    seconds: input.expires_in_seconds,
    maxSeconds: MAX_SESSION_SECONDS,
  });
  if (session === undefined) throw await openGrantApproval(ctx, input, grant);

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
    subject: { agentSessionId: session.id, grantId: grant.id, userId: grant.userId },
  };
}

/** Opens an approval for the requested grant. Returns the `consent_required` error to throw. */
async function openGrantApproval(
  ctx: Pick<Deps, "db" | "sql" | "log" | "cipher" | "limiter" | "settings"> & {
    actor: AgentActor;
    clientAddress: string;
  },
  input: Input,
  grant: Pick<LiveGrant, "id" | "userId"> | undefined,
): Promise<AppError> {
  const approval = await openApproval(ctx, {
    kind: "grant",
    agentId: ctx.actor.agentId,
    userId: grant?.userId,
    grantId: grant?.id,
    askedFrom: ctx.clientAddress,
    // On first contact the agent names no user, so the key is undefined: two users must never share an approval.
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
