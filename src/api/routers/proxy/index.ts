import { AppError } from "../../../core/protocol/errors.ts";
import {
  askPrice,
  runDirectly,
  RunDirectlyInput,
  RunDirectlyOutput,
} from "../../../core/runs/direct-run/index.ts";
import { respondWithAnswer } from "../../procedure/file-response.ts";
import { markReplayed } from "../../procedure/idempotency-key.ts";
import type { ApiContext } from "../../procedure/context.ts";
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
        description: `${PAYMENT_REQUIRED_TEXT} They are for the upstream's current price, or, without \`input\` and by GET and HEAD, for the most that it may charge. With a payment, it answers with the upstream's own body and content type. A payment runs once. It is refunded if the upstream doesn't take its money.`,
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
      if (ctx.asksPrice) {
        refusePayment(ctx);
        return askPrice(ctx.deps, input);
      }
      const { headers, replayed, answer } = await runDirectly(
        { ...ctx.deps, headers: ctx.headers, clientAddress: ctx.clientAddress },
        input,
      );
      Object.assign(ctx.reply.headers, headers);
      markReplayed(ctx, replayed);
      return respondWithAnswer(ctx, answer);
    }),
});

/** Only a POST runs a service. Answering another 402 would make the client sign again. */
function refusePayment({ headers }: Pick<ApiContext, "headers">): void {
  if (headers["payment-signature"] === undefined && headers["x-payment"] === undefined) return;
  throw new AppError("method_not_allowed", {
    message: "Send the payment with POST. Nothing was charged.",
    headers: { Allow: "POST, OPTIONS" },
  });
}
