import type { z } from "zod";
import type { AgentActor, Deps } from "../../context.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import { approvalPrompt, findSignIn, openApproval, takeSignIn } from "../approval/index.ts";
import { openGptSession } from "../session/index.ts";
import type { SignInInput, SignInOutput } from "./schema.ts";
import { DEFAULT_BUDGET_CENTS, GPT_SESSION_SECONDS } from "./schema.ts";

type Context = Pick<Deps, "db" | "log" | "cipher" | "limiter" | "settings"> & { actor: AgentActor };
type Answer = z.infer<typeof SignInOutput>;
export interface SignIn {
  data: Answer;
  nextActions: NextAction[];
  /** Whom the session is for, for the audit row; not for the GPT. */
  subject?: { agentSessionId: string; grantId: string; userId: string };
}

const ALL = { allowed_task_types: ["*"], allowed_data_types: ["*"], allowed_categories: ["*"] };

/**
 * Signs a person in to a GPT, which knows neither who they are nor any address of theirs: first it gets a link and
 * a code for them, and asked again with its request, once they approved, the session.
 * @throws `not_found` for a request that isn't this agent's, `conflict` for one that was used
 */
export async function signIn(ctx: Context, input: z.infer<typeof SignInInput>): Promise<SignIn> {
  return input.auth_request_id === undefined ? begin(ctx, input) : finish(ctx, input.auth_request_id);
}

async function begin(ctx: Context, input: z.infer<typeof SignInInput>): Promise<SignIn> {
  const { approval_id, ...shown } = await openApproval(ctx, {
    kind: "gpt_sign_in",
    agentId: ctx.actor.agentId,
    // Two people at once must never share a request.
    sameQuestionKey: undefined,
    requested: {
      scopes: input.scopes ?? ALL,
      budget_limit_cents: input.budget_limit_cents ?? DEFAULT_BUDGET_CENTS,
      expires_in_seconds: null,
    },
  });
  return {
    data: { status: "pending", auth_request_id: approval_id, ...shown },
    nextActions: [next.auth({ auth_request_id: approval_id })],
  };
}

async function finish(ctx: Context, authRequestId: string): Promise<SignIn> {
  const id = requireId(authRequestId, "sign-in request");
  const request = await findSignIn(ctx.db, id, ctx.actor.agentId);
  if (request === undefined) throw notFound("sign-in request");
  if (request.status === "pending") {
    const { approval_id: _same, ...shown } = approvalPrompt(ctx, request);
    return {
      data: { status: "pending", auth_request_id: id, ...shown },
      nextActions: [next.auth({ auth_request_id: id })],
    };
  }
  if (request.status !== "approved") {
    return {
      data: { status: request.status, auth_request_id: id },
      nextActions: [next.auth({ budget_limit_cents: DEFAULT_BUDGET_CENTS })],
    };
  }

  const opened = await ctx.db.$transaction(async (tx) => {
    const taken = await takeSignIn(tx, id, ctx.actor.agentId);
    if (taken === undefined)
      throw new AppError("conflict", { message: "This sign-in was used already. Start another." });
    return openGptSession({ ...ctx, db: tx }, taken.grantId, taken.requested, GPT_SESSION_SECONDS);
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
