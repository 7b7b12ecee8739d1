import { getPayment, GetPaymentInput, GetPaymentOutput } from "../../../core/money/payment/index.ts";
import type { ErrorCode } from "../../../core/protocol/errors.ts";
import { PlanInput, PlanOutput, planService } from "../../../core/runs/plan/index.ts";
import { runService, RunServiceInput, RunServiceOutput } from "../../../core/runs/sponsored-run/index.ts";
import { markReplayed, withIdempotencyKey } from "../../procedure/idempotency-key.ts";
import { sessionProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { CAMPAIGN_ID, PAYMENT_ID } from "../examples.ts";

/** How long a caller should wait before it polls a pending payment again. */
const POLL_SECONDS = 2;

/** The errors of a sponsored run, on any surface. */
export const RUN_ERRORS = [
  "not_found",
  "inactive",
  "scope_violation",
  "data_consent_required",
  "budget_approval_required",
  "not_eligible",
  "task_required",
  "answer_held_back",
  "no_sponsor",
  "sponsor_budget_exhausted",
  "user_cap_reached",
  "cost_above_max",
  "price_changed",
  "duplicate_request",
  "idempotency_conflict",
  "idempotency_in_progress",
  "payments_paused",
  "upstream_error",
  "upstream_timeout",
] as const satisfies ErrorCode[];

export const paymentProcedures = {
  planService: sessionProcedure
    .meta({
      mcp: { readOnly: true },
      openapi: {
        method: "POST",
        path: "/agent/services/{service_key}/plan",
        summary: "See what a run needs, before acting",
        description:
          "Price, payer, the task and its data, and everything that is missing at once: scopes, consent, budget. Pays nothing, opens no approval, calls no upstream.",
      },
      errors: ["not_found", "no_sponsor"],
      example: {
        request: {
          service_key: "daylight",
          input: { latitude: 38.72, longitude: -9.14, date: "2026-11-23" },
        },
      },
    })
    .input(PlanInput)
    .output(success(PlanOutput))
    .mutation(async ({ ctx, input }) => {
      const { data, nextActions } = await planService({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, data, nextActions);
    }),

  runService: sessionProcedure
    .meta({
      mcp: { readOnly: false, openWorld: true },
      openapi: {
        method: "POST",
        path: "/agent/services/{service_key}/run",
        summary: "Run a service at a sponsor's expense",
        description:
          "The sponsor pays the upstream's x402 toll and you get the resource. The answer comes as soon as the resource is there, even if its payment is still being confirmed. Send an idempotency key: repeating the call with it never pays twice.",
      },
      errors: RUN_ERRORS,
      accepted: "The payment is under way and there is no output yet. Poll the payment.",
      idempotencyKey: true,
      example: {
        request: {
          service_key: "daylight",
          input: { latitude: 38.72, longitude: -9.14 },
          idempotency_key: "lisbon-2026-11-23",
        },
        response: {
          service: "daylight",
          output: { sunrise: "07:25", sunset: "17:17" },
          output_content_type: "application/json",
          payment: {
            payment_id: PAYMENT_ID,
            status: "settled",
            sponsored_by: "Acme Maps",
            campaign_id: CAMPAIGN_ID,
            amount_cents: 1.5,
            tx_hash: "0x4a3c2b1f9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b3a2f1e0d9c8b7a6f5e4d3c2b",
            network: "eip155:84532",
          },
          execution_metadata: {
            response_time_ms: 84,
            upstream_status: 200,
            cost_cents: 1.5,
            budget_remaining_cents: 98.5,
          },
        },
      },
    })
    .input(RunServiceInput)
    .output(success(RunServiceOutput))
    .mutation(async ({ ctx, input }) => {
      const run = await runService({ ...ctx.deps, actor: ctx.actor }, withIdempotencyKey(ctx, input));
      if (run.pending) {
        ctx.reply.status = 202;
        ctx.reply.headers["Retry-After"] = String(POLL_SECONDS);
      }
      markReplayed(ctx, run.replayed);
      ctx.reply.isPaidFor = run.data.payment.status !== "free";
      return ok(ctx, run.data, run.nextActions);
    }),

  getPayment: sessionProcedure
    .meta({
      mcp: { readOnly: true },
      openapi: {
        method: "GET",
        path: "/agent/payments/{payment_id}",
        summary: "Get the state of a payment",
        description:
          "Any session of the payment's grant may ask. The output is included as long as it is stored.",
      },
      errors: ["not_found"],
      example: { request: { payment_id: PAYMENT_ID } },
    })
    .input(GetPaymentInput)
    .output(success(GetPaymentOutput))
    .query(async ({ ctx, input }) => {
      const { data, nextActions } = await getPayment({ ...ctx.deps, actor: ctx.actor }, input);
      return ok(ctx, data, nextActions);
    }),
};
