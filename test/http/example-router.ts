import { z } from "zod";
import {
  adminProcedure,
  agentKeyProcedure,
  payerProcedure,
  publicProcedure,
  router,
  sessionProcedure,
  sponsorProcedure,
} from "../../src/api/procedure/trpc.ts";
import { ok, success } from "../../src/api/response/envelope.ts";
import { AppError } from "../../src/core/protocol/errors.ts";
import { next } from "../../src/core/protocol/next-actions.ts";
import { Gate } from "../support/gate.ts";

/**
 * A small API made with the real procedure builders. It has one operation for each thing that a transport must
 * do.
 */

/** Used by a query and by a body. Coercing query strings must not change it for bodies. */
const Active = z.boolean();

const Echo = z.object({ input: z.unknown(), actor: z.string().optional() });
const empty = z.strictObject({});
const route = (method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: `/${string}`) => ({
  openapi: { method, path, summary: `${method} ${path}` },
});

const SearchInput = z.strictObject({
  q: z.string().max(20).optional(),
  limit: z.number().int().min(1).max(50).optional(),
  max_budget_cents: z.number().optional(),
  active: Active.optional(),
  sort: z.enum(["price", "name"]).optional(),
  preferred_task_types: z.array(z.string()).optional(),
  sizes: z.array(z.number()).optional(),
});

const CompleteInput = z.strictObject({
  campaign_id: z.string(),
  task_data: z.record(z.string(), z.unknown()),
  active: Active,
  contact: z.union([z.strictObject({ email: z.email() }), z.strictObject({ phone: z.string() })]).optional(),
  scopes: z.union([z.tuple([z.literal("*")]), z.array(z.string().regex(/^[a-z]+$/)).min(1)]).optional(),
  note: z.string().max(5).optional(),
});

/** How `agent.runService` fails, by service key. */
const FAILURES: Record<string, () => never> = {
  bug: () => {
    throw new Error("SELECT secret FROM vault: password=hunter2");
  },
  database_down: () => {
    throw new Error("query failed", {
      cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
    });
  },
  busy: () => {
    throw new AppError("rate_limited", { retryAfterSeconds: 11.2, nextActions: [next.flowStatus()] });
  },
  needs_task: () => {
    throw new AppError("task_required", {
      details: { campaigns: [] },
      nextActions: [next.getTask("a/b c")],
      headers: { "X-Extra": "yes" },
    });
  },
};

/** A run of the service `slow` waits at this gate. `hasLeft` tells whether its caller has closed the connection. */
export const slow = { gate: new Gate(), hasLeft: (): boolean => false };

/** The operations that sponsors' next actions name. A server doesn't start without them. */
const toApi = z.strictObject({ service_key: z.string() });
const toCampaign = z.strictObject({ campaign_id: z.string() });
const echo = (method: "POST" | "PATCH", path: `/${string}`, input: z.ZodObject) =>
  sponsorProcedure
    .meta(route(method, path))
    .input(input)
    .output(success(Echo))
    .mutation(({ ctx, input: given }) => ok(ctx, { input: given }));
const SPONSOR_ACTIONS = {
  registerApi: echo("POST", "/sponsor/apis", empty),
  getApi: echo("POST", "/sponsor/apis/{service_key}", toApi),
  changeApi: echo("POST", "/sponsor/apis/{service_key}/change", toApi),
  fundApi: echo("POST", "/sponsor/apis/{service_key}/fund", toApi),
  createCampaign: echo("POST", "/sponsor/campaigns", empty),
  getCampaign: echo("POST", "/sponsor/campaigns/{campaign_id}", toCampaign),
  changeCampaign: echo("PATCH", "/sponsor/campaigns/{campaign_id}", toCampaign),
  fundCampaign: echo("POST", "/sponsor/campaigns/{campaign_id}/fund", toCampaign),
  listAnswers: echo("POST", "/sponsor/campaigns/{campaign_id}/answers", toCampaign),
  getWithdrawal: echo(
    "POST",
    "/sponsor/withdrawals/{withdrawal_id}",
    z.strictObject({ withdrawal_id: z.string() }),
  ),
};

export const exampleRouter = router({
  agent: router({
    hello: publicProcedure
      .meta(route("GET", "/agent/hello"))
      .input(empty)
      .output(success(Echo))
      .query(({ ctx, input }) => ok(ctx, { input })),
    auth: agentKeyProcedure
      .meta({ ...route("POST", "/agent/auth"), errors: ["consent_required"] })
      .input(z.strictObject({ user_id: z.string().optional() }))
      .output(success(Echo))
      .mutation(({ ctx, input }) => {
        ctx.subject.agentSessionId = "opened-session";
        return ok(ctx, { input, actor: ctx.actor.agentId }, [next.searchServices({ limit: 5 })]);
      }),
    getApproval: agentKeyProcedure
      .meta(route("GET", "/agent/approvals/{approval_id}"))
      .input(z.strictObject({ approval_id: z.string() }))
      .output(success(Echo))
      .query(({ ctx, input }) => ok(ctx, { input })),
    searchServices: sessionProcedure
      .meta(route("GET", "/agent/services"))
      .input(SearchInput)
      .output(success(Echo))
      .query(({ ctx, input }) => ok(ctx, { input, actor: ctx.actor.sessionId })),
    listCategories: sessionProcedure
      .meta(route("GET", "/agent/services/categories"))
      .input(empty)
      .output(success(Echo))
      .query(({ ctx }) => ok(ctx, { input: "categories" })),
    getService: sessionProcedure
      .meta(route("GET", "/agent/services/{service_key}"))
      .input(z.strictObject({ service_key: z.string(), version: z.number().optional() }))
      .output(success(Echo))
      .query(({ ctx, input }) => ok(ctx, { input })),
    getTask: sessionProcedure
      .meta(route("GET", "/agent/tasks/{campaign_id}"))
      .input(z.strictObject({ campaign_id: z.string() }))
      .output(success(Echo))
      .query(({ ctx, input }) => ok(ctx, { input })),
    completeTask: sessionProcedure
      .meta({
        ...route("POST", "/agent/tasks/{campaign_id}/complete"),
        errors: ["scope_violation"],
        example: {
          request: { campaign_id: "c1", task_data: { rating: 4 }, active: true },
          response: { input: {} },
        },
      })
      .input(CompleteInput)
      .output(success(Echo))
      .mutation(({ ctx, input }) => ok(ctx, { input }, [next.getTask(input.campaign_id)])),
    planService: sessionProcedure
      .meta(route("POST", "/agent/services/{service_key}/plan"))
      .input(z.strictObject({ service_key: z.string() }))
      .output(success(Echo))
      .mutation(({ ctx, input }) => ok(ctx, { input })),
    runService: sessionProcedure
      .meta({
        ...route("POST", "/agent/services/{service_key}/run"),
        accepted: "The payment is under way.",
        idempotencyKey: true,
      })
      .input(z.strictObject({ service_key: z.string(), input: z.unknown().optional() }))
      .output(success(Echo))
      .mutation(async ({ ctx, input }) => {
        FAILURES[input.service_key]?.();
        if (input.service_key === "bad_output") return { status: "success" } as never;
        if (input.service_key === "pending") {
          ctx.reply.status = 202;
          ctx.reply.headers["Retry-After"] = "2";
        }
        if (input.service_key === "slow") {
          slow.hasLeft = ctx.hasLeft;
          await slow.gate.pass();
        }
        return ok(ctx, { input });
      }),
    getPayment: sessionProcedure
      .meta(route("GET", "/agent/payments/{payment_id}"))
      .input(z.strictObject({ payment_id: z.string() }))
      .output(success(Echo))
      .query(({ ctx, input }) => ok(ctx, { input })),
    flowStatus: sessionProcedure
      .meta(route("GET", "/agent/flow/status"))
      .input(empty)
      .output(success(Echo))
      .query(({ ctx, input }) => ok(ctx, { input })),
    auditHistory: sessionProcedure
      .meta(route("GET", "/agent/audit/history"))
      .input(empty)
      .output(success(Echo))
      .query(({ ctx, input }) => ok(ctx, { input })),
    revokeSession: sessionProcedure
      .meta(route("DELETE", "/agent/session"))
      .input(z.strictObject({ reason: z.string().optional() }))
      .output(success(Echo))
      .mutation(({ ctx, input }) => ok(ctx, { input })),
  }),
  proxy: router({
    run: payerProcedure
      .meta(route("POST", "/proxy/{service_key}/run"))
      .input(z.strictObject({ service_key: z.string() }))
      .output(success(Echo))
      .mutation(({ ctx, input }) => ok(ctx, { input })),
  }),
  sponsor: router({
    setActive: sponsorProcedure
      .meta(route("PATCH", "/sponsor/apis/{service_key}"))
      .input(z.strictObject({ service_key: z.string(), active: Active }))
      .output(success(Echo))
      .mutation(({ ctx, input }) => ok(ctx, { input, actor: ctx.actor.sponsorId })),
    ...SPONSOR_ACTIONS,
  }),
  admin: router({
    putUser: adminProcedure
      .meta(route("PUT", "/admin/users/{user_id}"))
      .input(z.strictObject({ user_id: z.string(), name: z.string() }))
      .output(success(Echo))
      .mutation(({ ctx, input }) => ok(ctx, { input, actor: ctx.actor.kind })),
  }),
});
export type ExampleRouter = typeof exampleRouter;
