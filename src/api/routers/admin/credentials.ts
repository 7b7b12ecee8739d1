import {
  listAgentKeys,
  ListAgentKeysInput,
  ListAgentKeysOutput,
  revokeAgent,
  RevokeAgentInput,
  revokeAgentKey,
  RevokeAgentKeyInput,
  RevokeOutput,
  rotateAgentKey,
  RotateAgentKeyInput,
} from "../../../core/access/agent/index.ts";
import { RotateKeyOutput } from "../../../core/access/credential/index.ts";
import { endSession, EndSessionInput, RevokeSessionOutput } from "../../../core/access/session/index.ts";
import { rotateSponsorKey, RotateSponsorKeyInput } from "../../../core/sponsorship/sponsor/index.ts";
import { adminProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { AGENT_ID, SESSION_ID } from "../examples.ts";

const KEY_ID = "8e0c2b54-6d1a-4c3f-9b7e-1a2d3c4b5e6f";

/** Rotating keys, and revoking keys, agents and sessions. */
export const credentialProcedures = {
  listAgentKeys: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/agents/{agent_id}/keys",
        summary: "List an agent's API keys",
        description: "Newest first, without the secrets.",
      },
      errors: ["not_found"],
      example: { request: { agent_id: AGENT_ID } },
    })
    .input(ListAgentKeysInput)
    .output(success(ListAgentKeysOutput))
    .query(async ({ ctx, input }) => ok(ctx, await listAgentKeys(ctx.deps, input))),

  rotateAgentKey: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/agents/{agent_id}/keys",
        summary: "Mint a new API key for an agent",
        description:
          "The key is shown once. Earlier keys stay valid for the overlap. After it they open no sessions, but sessions they opened last until they expire. Without an overlap, earlier keys are revoked with their sessions.",
      },
      errors: ["not_found"],
      example: { request: { agent_id: AGENT_ID, overlap_seconds: 3600 } },
    })
    .input(RotateAgentKeyInput)
    .output(success(RotateKeyOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await rotateAgentKey(ctx.deps, input))),

  revokeAgentKey: adminProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/admin/agents/{agent_id}/keys/{key_id}",
        summary: "Revoke an API key and the sessions it opened",
        description: "Counts from the very next call, on every replica. The agent's other keys stay.",
      },
      errors: ["not_found"],
      example: { request: { agent_id: AGENT_ID, key_id: KEY_ID } },
    })
    .input(RevokeAgentKeyInput)
    .output(success(RevokeOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await revokeAgentKey(ctx.deps, input))),

  revokeAgent: adminProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/admin/agents/{agent_id}",
        summary: "Revoke an agent with its keys and sessions",
        description: "Counts from the very next call, on every replica. Grants and their history stay.",
      },
      errors: ["not_found"],
      example: { request: { agent_id: AGENT_ID } },
    })
    .input(RevokeAgentInput)
    .output(success(RevokeOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await revokeAgent(ctx.deps, input))),

  endSession: adminProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/admin/sessions/{session_id}",
        summary: "Revoke a session for its user",
        description:
          "Ends one session. The grant stays, so the agent can open another one. Revoke the grant to prevent that.",
      },
      errors: ["not_found"],
      example: { request: { session_id: SESSION_ID } },
    })
    .input(EndSessionInput)
    .output(success(RevokeSessionOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await endSession(ctx.deps, input))),

  rotateSponsorKey: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/sponsors/{sponsor_id}/keys",
        summary: "Mint a new API key for a sponsor",
        description: "The key is shown once. Earlier keys stay valid for the overlap.",
      },
      errors: ["not_found"],
      example: { request: { sponsor_id: SESSION_ID, overlap_seconds: 3600 } },
    })
    .input(RotateSponsorKeyInput)
    .output(success(RotateKeyOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await rotateSponsorKey(ctx.deps, input))),
};
