import { runDirectly, RunDirectlyInput, RunDirectlyOutput } from "../../../core/runs/direct-run/index.ts";
import { bytesAnswer } from "../../procedure/file-response.ts";
import { payerProcedure, router } from "../../procedure/trpc.ts";
import { success } from "../../response/envelope.ts";

/** Services for whoever pays for them by x402, with no account and no sponsor. */
export const proxyRouter = router({
  run: payerProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/proxy/{service_key}/run",
        summary: "Run a service and pay for it",
        description:
          "Without a payment it answers 402 with the terms: x402 v2's in the PAYMENT-REQUIRED header, v1's in the body. Paid, it answers with the upstream's own body and content type. A payment runs once; where the upstream takes nothing, it is refunded.",
        successDescription: "The upstream's own answer",
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
      const { headers, replayed, ...answer } = await runDirectly(
        { ...ctx.deps, headers: ctx.headers },
        input,
      );
      Object.assign(ctx.reply.headers, headers, replayed && { "Idempotency-Replayed": "true" });
      return bytesAnswer(ctx, answer);
    }),
});
