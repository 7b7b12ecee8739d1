import { listAgents, ListAgentsInput, ListAgentsOutput } from "../../../core/access/agent/index.ts";
import {
  listApprovals,
  ListApprovalsInput,
  ListApprovalsOutput,
} from "../../../core/access/approval/index.ts";
import { listSessions, ListSessionsInput, ListSessionsOutput } from "../../../core/access/session/index.ts";
import { listUsers, ListUsersInput, ListUsersOutput } from "../../../core/access/user/index.ts";
import {
  listSponsors,
  ListSponsorsInput,
  ListSponsorsOutput,
} from "../../../core/sponsorship/sponsor/index.ts";
import { adminProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { AGENT_ID, CAMPAIGN_ID, SCOPES, SESSION_ID, USER_ID } from "../examples.ts";

const AGENT = { agent_id: AGENT_ID, name: "Claude" };
const USER = { user_id: USER_ID, email: "ada@example.com" };
const GRANT_ID = "5b0c2d1e-6f3a-4b7c-8d9e-0f1a2b3c4d5e";
const CREATED_AT = "2026-11-22T09:30:00.000Z";
const PAGE = { total_count: 1, offset: 0, limit: 50 };

/** What an administrator looks through before deciding. */
export const listProcedures = {
  listUsers: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/users",
        summary: "List users, newest first",
        description: "With the agents that may act for each user now. `q` looks in their e-mail addresses.",
      },
      example: {
        request: { q: "ada@" },
        response: {
          users: [
            {
              ...USER,
              region: "GB",
              roles: ["developer"],
              tools_used: [],
              agents: [{ grant_id: GRANT_ID, ...AGENT }],
              created_at: CREATED_AT,
            },
          ],
          ...PAGE,
        },
      },
    })
    .input(ListUsersInput)
    .output(success(ListUsersOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listUsers(ctx.deps, input))),

  listAgents: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/agents",
        summary: "List agents, newest first",
        description: "With the number of users each may act for now. `q` looks in their names.",
      },
      example: {
        request: { status: "active" },
        response: {
          agents: [{ ...AGENT, status: "active", users: 1, created_at: CREATED_AT, revoked_at: null }],
          ...PAGE,
        },
      },
    })
    .input(ListAgentsInput)
    .output(success(ListAgentsOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listAgents(ctx.deps, input))),

  listSponsors: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/sponsors",
        summary: "List sponsors, newest first",
        description: "With how much each offers. `q` looks in their names.",
      },
      example: {
        request: { q: "acme" },
        response: {
          sponsors: [
            {
              sponsor_id: SESSION_ID,
              name: "Acme Maps",
              wallet_address: null,
              sponsored_apis: 2,
              campaigns: 1,
              created_at: CREATED_AT,
            },
          ],
          ...PAGE,
        },
      },
    })
    .input(ListSponsorsInput)
    .output(success(ListSponsorsOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listSponsors(ctx.deps, input))),

  listApprovals: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/approvals",
        summary: "List approvals, newest first",
        description: "Who asks whom for what. A decision needs the approval's id and the user's.",
      },
      example: {
        request: { status: "pending" },
        response: {
          approvals: [
            {
              approval_id: SESSION_ID,
              kind: "data",
              status: "pending",
              agent: AGENT,
              user: USER,
              asks: { data_types: ["email"], campaign_id: CAMPAIGN_ID, service_key: null },
              campaign: {
                campaign_id: CAMPAIGN_ID,
                name: "Daylight survey",
                purpose: "To know where people look for daylight.",
                sponsor: "Acme Maps",
              },
              session_id: SESSION_ID,
              created_at: CREATED_AT,
              expires_at: "2026-11-23T09:30:00.000Z",
            },
          ],
          ...PAGE,
        },
      },
    })
    .input(ListApprovalsInput)
    .output(success(ListApprovalsOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listApprovals(ctx.deps, input))),

  listSessions: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/sessions",
        summary: "List agents' sessions, newest first",
        description: "`q` looks in the agents' names and the users' e-mail addresses.",
      },
      example: {
        request: { status: "suspended" },
        response: {
          sessions: [
            {
              session_id: SESSION_ID,
              surface: "agent",
              status: "suspended",
              agent: AGENT,
              user: USER,
              grant_id: GRANT_ID,
              scopes: SCOPES,
              remaining_cents: 480,
              suspended_at: "2026-11-22T10:00:00.000Z",
              suspended_reason: "3 scope violations",
              created_at: CREATED_AT,
              expires_at: "2026-11-23T09:30:00.000Z",
            },
          ],
          ...PAGE,
        },
      },
    })
    .input(ListSessionsInput)
    .output(success(ListSessionsOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listSessions(ctx.deps, input))),
};
