import { z } from "zod";
import { getApproval, GetApprovalInput, GetApprovalOutput } from "../../../core/access/approval/index.ts";
import {
  getPreferences,
  PreferencesOutput,
  setPreferences,
  SetPreferencesInput,
} from "../../../core/discovery/preference/index.ts";
import { UsageInput, UsageOutput, usageRecord } from "../../../core/money/usage/index.ts";
import { next } from "../../../core/protocol/next-actions.ts";
import { router, sessionProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";

/** The address of all tools. */
const path = "/mcp";

/** What is a tool on MCP and isn't on the agent surface in this form: there, a key or a GPT asks for it. */
const mcpProcedures = {
  getApproval: sessionProcedure
    .meta({
      mcp: { readOnly: true },
      openapi: {
        ...{ method: "GET", path, summary: "Get the user's decision on an approval" },
        description:
          "Poll it every poll_interval_seconds. Once the approval is approved, next_actions leads back to the refused call.",
      },
      errors: ["not_found"],
    })
    .input(GetApprovalInput)
    .output(success(GetApprovalOutput))
    .query(async ({ ctx, input }) => {
      const { data, nextActions } = await getApproval({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, data, nextActions);
    }),

  usageRecord: sessionProcedure
    .meta({
      mcp: { readOnly: true },
      openapi: {
        ...{ method: "GET", path, summary: "See what sponsors paid for the user" },
        description: "Payments, newest first, and sums per sponsor.",
      },
    })
    .input(UsageInput)
    .output(success(UsageOutput))
    .query(async ({ ctx, input }) =>
      ok(ctx, await usageRecord({ ...ctx.deps, actor: ctx.actor }, input), [next.flowStatus()]),
    ),

  getPreferences: sessionProcedure
    .meta({
      mcp: { readOnly: true },
      openapi: {
        ...{ method: "GET", path, summary: "Read which tasks the user likes or avoids" },
        description: "Preferred tasks come first in every search. Avoided tasks are never offered.",
      },
    })
    .input(z.strictObject({}).prefault({}))
    .output(success(PreferencesOutput))
    .query(async ({ ctx }) =>
      ok(ctx, await getPreferences({ ...ctx.deps, actor: ctx.actor }), [next.searchServices()]),
    ),

  setPreferences: sessionProcedure
    .meta({
      mcp: { readOnly: false, idempotent: true },
      openapi: {
        ...{ method: "POST", path, summary: "Set which tasks the user likes or avoids" },
        description: "Sets the given task types and keeps the others. Levels: preferred, neutral, avoided.",
      },
    })
    .input(SetPreferencesInput)
    .output(success(PreferencesOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await setPreferences({ ...ctx.deps, actor: ctx.actor }, input), [next.searchServices()]),
    ),
};

/** It stands apart from `appRouter`: these procedures have no route and aren't in the OpenAPI document. */
export const mcpRouter = router({ mcp: router(mcpProcedures) });
