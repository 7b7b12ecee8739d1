import type { z } from "zod";
import type { AgentActor, Deps } from "../../context.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import {
  approvalPrompt,
  findSignIn,
  GrantRequest,
  OPEN_REQUEST,
  openApproval,
  shareUserOfApproval,
  takeSignIn,
} from "../approval/index.ts";
import { openGptSession, requireLiveGrant } from "../session/index.ts";
import type { SignInInput, SignInOutput } from "./schema.ts";
import { DEFAULT_BUDGET_CENTS, GPT_SESSION_SECONDS } from "./schema.ts";

type Context = Pick<Deps, "db" | "sql" | "log" | "cipher" | "limiter" | "settings"> & { actor: AgentActor };
type Answer = z.infer<typeof SignInOutput>;
export interface SignIn {
  data: Answer;
  nextActions: NextAction[];
  /** The session's owner, for the audit log. It is not sent to the GPT. */
  subject?: { agentSessionId: string; grantId: string; userId: string };
}

/**
 * Signs a user in to a GPT that doesn't know the user. The first call returns a link and a code for the user.
 * After the user has approved, a call with `auth_request_id` returns the session.
 * @throws AppError `not_found` for an unknown `auth_request_id`, or one of another agent; `conflict` if the
 *   sign-in was used before, or its grant has ended
 */
export async function signIn(ctx: Context, input: z.infer<typeof SignInInput>): Promise<SignIn> {
  return input.auth_request_id === undefined
    ? startSignIn(ctx, input)
    : continueSignIn(ctx, input.auth_request_id);
}

async function startSignIn(ctx: Context, input: z.infer<typeof SignInInput>): Promise<SignIn> {
  const { approval_id, ...shown } = await openApproval(ctx, {
    kind: "gpt_sign_in",
    agentId: ctx.actor.agentId,
    // Each call opens its own approval: two users must never share a sign-in.
    sameQuestionKey: undefined,
    requested: {
      scopes: input.scopes ?? OPEN_REQUEST.scopes,
      budget_limit_cents: input.budget_limit_cents ?? DEFAULT_BUDGET_CENTS,
      expires_in_seconds: null,
    },
  });
  return {
    data: { status: "pending", auth_request_id: approval_id, ...shown },
    nextActions: [next.auth({ auth_request_id: approval_id })],
  };
}

async function continueSignIn(ctx: Context, authRequestId: string): Promise<SignIn> {
  const id = requireId(authRequestId, "sign-in request");
  const request = await findSignIn(ctx.db, id, ctx.actor.agentId);
  if (request === undefined) throw notFound("sign-in request");
  if (request.status === "pending") {
    const { approval_id: _approvalId, ...shown } = approvalPrompt(ctx, request);
    return {
      data: { status: "pending", auth_request_id: id, ...shown },
      nextActions: [next.auth({ auth_request_id: id })],
    };
  }
  if (request.status !== "approved") {
    // A no leads nowhere: a new sign-in would only ask the same again.
    const { scopes, budget_limit_cents } = GrantRequest.parse(request.requested);
    return {
      data: { status: request.status, auth_request_id: id },
      nextActions: request.status === "denied" ? [] : [next.auth({ scopes, budget_limit_cents })],
    };
  }

  const { db, sql, actor } = ctx;
  const grant = await requireLiveGrant(db, { id, grantId: request.grantId });
  const opened = await sql.transaction(async (tx) => {
    await shareUserOfApproval.first(tx, { id });
    const taken = await takeSignIn.first(tx, { id, agent_id: actor.agentId });
    if (taken === undefined)
      throw new AppError("conflict", { message: "This sign-in was used already. Start a new sign-in." });
    const requested = GrantRequest.parse(taken.requested);
    return openGptSession({ sql: tx, actor }, grant, requested, GPT_SESSION_SECONDS);
  });
  ctx.log.info(
    { event: "session_opened", session_id: opened.data.session_id, surface: "gpt" },
    "session opened",
  );
  return {
    data: { status: "approved", auth_request_id: id, ...opened.data },
    nextActions: [next.searchServices(), next.flowStatus()],
    subject: opened.subject,
  };
}
