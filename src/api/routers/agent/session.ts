import { z } from "zod";
import { getApproval, GetApprovalInput, GetApprovalOutput } from "../../../core/access/approval/index.ts";
import {
  openSession,
  OpenSessionInput,
  OpenSessionOutput,
  revokeSession,
  RevokeSessionOutput,
} from "../../../core/access/session/index.ts";
import { next } from "../../../core/protocol/next-actions.ts";
import { TOKEN_PREFIX } from "../../../core/protocol/token-prefix.ts";
import { identify } from "../../procedure/identify.ts";
import { agentKeyProcedure, sessionProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { SCOPES, SESSION_ID, USER_ID } from "../examples.ts";

export const sessionProcedures = {
  auth: agentKeyProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agent/auth",
        summary: "Open a session for a user",
        description:
          "Turns your API key into a session token, inside what the user granted you. If no grant covers all you ask for, the call is refused and opens an approval: show the person its link and code, then poll it.",
      },
      errors: ["consent_required", "session_suspended"],
      example: {
        request: { user_id: USER_ID, scopes: SCOPES, budget_limit_cents: 100 },
        response: {
          session_token: `${TOKEN_PREFIX.agent_session}…`,
          session_id: SESSION_ID,
          agent_id: "0c6f3a52-8c5e-4a44-9f3d-0b6f8f2f6f10",
          user_id: USER_ID,
          scopes: SCOPES,
          budget_limit_cents: 100,
          expires_at: "2026-11-23T12:00:00.000Z",
        },
      },
    })
    .input(OpenSessionInput)
    .output(success(OpenSessionOutput))
    .mutation(async ({ ctx, input }) => {
      const { data, subject } = await openSession(
        { ...ctx.deps, actor: ctx.actor, clientAddress: ctx.clientAddress },
        input,
      );
      identify(ctx, subject);
      return ok(ctx, data, [next.searchServices(), next.flowStatus()]);
    }),

  getApproval: agentKeyProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/agent/approvals/{approval_id}",
        summary: "Get the user's decision on an approval",
        description:
          "Poll it every poll_interval_seconds. Once the approval is approved, next_actions leads back to the refused call.",
      },
      errors: ["not_found"],
      example: { request: { approval_id: "5b0b7d0e-5f0c-4d5e-8a53-3f0b0d1c2e77" } },
    })
    .input(GetApprovalInput)
    .output(success(GetApprovalOutput))
    .query(async ({ ctx, input }) => {
      const { data, nextActions } = await getApproval({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, data, nextActions);
    }),

  revokeSession: sessionProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/agent/session",
        summary: "End this session",
        description: "The very next call with its token is refused. Pending payments go on.",
      },
    })
    .input(z.strictObject({}).prefault({}))
    .output(success(RevokeSessionOutput))
    .mutation(async ({ ctx }) =>
      ok(ctx, await revokeSession({ ...ctx.deps, actor: ctx.actor }), [next.auth()]),
    ),
};
