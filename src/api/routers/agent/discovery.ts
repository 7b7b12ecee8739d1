import { z } from "zod";
import { flowStatus, FlowStatusOutput } from "../../../core/discovery/flow/index.ts";
import { SearchInput, SearchOutput, searchServices } from "../../../core/discovery/search/index.ts";
import {
  auditHistory,
  AuditHistoryInput,
  AuditHistoryOutput,
} from "../../../core/observability/audit/index.ts";
import { sessionProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";

export const searchProcedures = {
  searchServices: sessionProcedure
    .meta({
      mcp: { readOnly: true },
      openapi: {
        method: "GET",
        path: "/agent/services",
        summary: "Find services a sponsor would pay for",
        description:
          "Lists what this session can use, best first, one result per campaign and service. Filters combine with AND. A result with already_completed can be run at once. The others need their task first.",
      },
      example: { request: { intent: "when does the sun set in Lisbon tomorrow", limit: 5 } },
    })
    .input(SearchInput)
    .output(success(SearchOutput))
    .query(async ({ ctx, input }) => {
      const { data, nextActions } = await searchServices({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, data, nextActions);
    }),

  flowStatus: sessionProcedure
    .meta({
      mcp: { readOnly: true },
      openapi: {
        method: "GET",
        path: "/agent/flow/status",
        summary: "See the state of the whole flow in one call",
        description:
          "The session and its budget, completed tasks, services ready to run, pending payments and open approvals.",
      },
    })
    .input(z.strictObject({}).prefault({}))
    .output(success(FlowStatusOutput))
    .query(async ({ ctx }) => {
      const { data, nextActions } = await flowStatus({ ...ctx.deps, actor: ctx.actor });
      return ok(ctx, data, nextActions);
    }),

  auditHistory: sessionProcedure
    .meta({
      mcp: { readOnly: true },
      openapi: {
        method: "GET",
        path: "/agent/audit/history",
        summary: "See every call made under this grant",
        description:
          "Newest first, from all sessions of the grant, with refused calls. The user sees the same list.",
      },
      example: { request: { limit: 20 } },
    })
    .input(AuditHistoryInput)
    .output(success(AuditHistoryOutput))
    .query(async ({ ctx, input }) => ok(ctx, await auditHistory({ ...ctx.deps, actor: ctx.actor }, input))),
};
