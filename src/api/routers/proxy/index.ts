import { runDirectly, RunDirectlyInput, RunDirectlyOutput } from "../../../core/runs/direct-run/index.ts";
import { respondWithAnswer } from "../../procedure/file-response.ts";
import { markReplayed } from "../../procedure/idempotency-key.ts";
import { payerProcedure, router } from "../../procedure/trpc.ts";
import { success } from "../../response/envelope.ts";
import { PAYMENT_REQUIRED_TEXT } from "../payment-required-text.ts";

/** The proxy surface: services for callers that pay by x402 themselves, without an account or a sponsor. */
export const proxyRouter = router({
  run: payerProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/proxy/{service_key}/run",
        summary: "Run a service and pay for it",
        description: `${PAYMENT_REQUIRED_TEXT} With one, it answers with the upstream's own body and content type. A payment runs once. It is refunded if the upstream doesn't take its money.`,
        successDescription: "The upstream's own response",
      },
      errors: [
        "payment_required",
        "duplicate_request",
        "inactive",
        "no_sponsor",
        "price_changed",
        "payments_paused",
        "upstream_error",
        "upstream_timeout",
      ],
      example: {
        request: {
          service_key: "daylight",
          input: { latitude: 38.72, longitude: -9.14, date: "2026-06-21" },
        },
      },
      bytes: true,
    })
    .input(RunDirectlyInput)
    .output(success(RunDirectlyOutput))
    .mutation(async ({ ctx, input }) => {
      const { headers, replayed, answer } = await runDirectly({ ...ctx.deps, headers: ctx.headers }, input);
      Object.assign(ctx.reply.headers, headers);
      markReplayed(ctx, replayed);
      return respondWithAnswer(ctx, answer);
    }),
});
