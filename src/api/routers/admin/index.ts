import { createAgent, CreateAgentInput, CreateAgentOutput } from "../../../core/access/agent/index.ts";
import {
  decideApproval,
  DecideApprovalInput,
  DecideApprovalOutput,
} from "../../../core/access/decision/index.ts";
import {
  putGrant,
  PutGrantInput,
  PutGrantOutput,
  revokeGrant,
  RevokeGrantInput,
  RevokeGrantOutput,
} from "../../../core/access/grant/index.ts";
import { createUser, CreateUserInput, CreateUserOutput } from "../../../core/access/user/index.ts";
import {
  resumeSession,
  ResumeSessionInput,
  ResumeSessionOutput,
} from "../../../core/access/violation/index.ts";
import { bookCredit, BookCreditInput, BookCreditOutput } from "../../../core/sponsorship/funding/index.ts";
import {
  createSponsor,
  CreateSponsorInput,
  CreateSponsorOutput,
} from "../../../core/sponsorship/sponsor/index.ts";
import { markReplayed, withIdempotencyKey } from "../../procedure/idempotency-key.ts";
import { adminProcedure, router } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { AGENT_ID, SCOPES, SESSION_ID, USER_ID } from "../examples.ts";
import { consentProcedures } from "./consents.ts";
import { credentialProcedures } from "./credentials.ts";
import { listProcedures } from "./lists.ts";
import { operatorProcedures } from "./operators.ts";
import { treasuryProcedures } from "./treasury.ts";
import { vaultProcedures } from "./vault.ts";

/** The administrator's operations. Some act for a user, because users have no pages of their own yet. */
export const adminRouter = router({
  createUser: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/users",
        summary: "Register a user",
        description:
          "Region, roles and tools decide which campaigns are for the user. Agents never see them.",
      },
      errors: ["conflict", "idempotency_conflict"],
      idempotencyKey: true,
      example: {
        request: {
          email: "ada@example.com",
          region: "GB",
          roles: ["developer"],
          tools_used: [],
          attributes: {},
        },
      },
    })
    .input(CreateUserInput)
    .output(success(CreateUserOutput))
    .mutation(async ({ ctx, input }) => {
      const { user, replayed } = await createUser(ctx.deps, withIdempotencyKey(ctx, input));
      markReplayed(ctx, replayed);
      return ok(ctx, user);
    }),

  createAgent: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/agents",
        summary: "Register an agent",
        description: "The API key is shown once.",
      },
      example: { request: { name: "Claude" } },
    })
    .input(CreateAgentInput)
    .output(success(CreateAgentOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await createAgent(ctx.deps, input))),

  putGrant: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/grants",
        summary: "Record a user's consent for an agent",
        description:
          "A second grant for the same user and agent replaces the first. Sessions that are wider than the new grant end.",
      },
      errors: ["not_found"],
      example: {
        request: {
          user_id: USER_ID,
          agent_id: AGENT_ID,
          scopes: SCOPES,
          budget_limit_cents: 500,
          expires_at: "2027-01-01T00:00:00.000Z",
        },
      },
    })
    .input(PutGrantInput)
    .output(success(PutGrantOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await putGrant(ctx.deps, input))),

  revokeGrant: adminProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/admin/grants/{grant_id}",
        summary: "Revoke a grant and its sessions",
        description:
          "The agent's very next call for this user is refused. Payments that are under way are settled as usual.",
      },
      errors: ["not_found"],
    })
    .input(RevokeGrantInput)
    .output(success(RevokeGrantOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await revokeGrant(ctx.deps, input))),

  resumeSession: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/sessions/{session_id}/resume",
        summary: "Resume a suspended session",
        description:
          "The sessions of a grant are suspended together, after repeated scope violations or calls above the rate limit. Resuming one resumes them all.",
      },
      errors: ["not_found", "conflict"],
      example: { request: { session_id: SESSION_ID } },
    })
    .input(ResumeSessionInput)
    .output(success(ResumeSessionOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await resumeSession(ctx.deps, input))),

  decideApproval: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/approvals/{approval_id}/decide",
        summary: "Decide an approval for its user",
        description:
          "An approved grant states every field. It can be narrower than the request, never wider.",
      },
      errors: ["not_found", "conflict"],
      example: { request: { approval_id: SESSION_ID, decision: "deny", user_id: USER_ID } },
    })
    .input(DecideApprovalInput)
    .output(success(DecideApprovalOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await decideApproval(ctx.deps, input))),

  createSponsor: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/sponsors",
        summary: "Register a sponsor",
        description: "The API key is shown once.",
      },
      example: { request: { name: "Acme Maps" } },
    })
    .input(CreateSponsorInput)
    .output(success(CreateSponsorOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await createSponsor(ctx.deps, input))),

  bookCredit: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/sponsors/{sponsor_id}/credits",
        summary: "Book treasury money to a budget",
        description:
          "The budget of a campaign, or an API's own budget. Booking the same reference again changes nothing.",
      },
      errors: ["not_found", "conflict", "treasury_shortfall"],
      example: {
        request: {
          sponsor_id: SESSION_ID,
          service_key: "daylight",
          amount_cents: 1000,
          reference: "invoice-2026-11",
        },
      },
    })
    .input(BookCreditInput)
    .output(success(BookCreditOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await bookCredit(ctx.deps, input))),

  ...consentProcedures,
  ...credentialProcedures,
  ...listProcedures,
  ...operatorProcedures,
  ...treasuryProcedures,
  ...vaultProcedures,
});
