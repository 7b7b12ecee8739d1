import { getPayment, GetPaymentOutput } from "../../../core/money/payment/index.ts";
import { UsageInput, UsageOutput, usageRecord } from "../../../core/money/usage/index.ts";
import { next } from "../../../core/protocol/next-actions.ts";
import { gptSessionProcedure } from "../../procedure/trpc.ts";
import { flatOutput, flatResponse, formatCents, formatCount } from "./flat-response.ts";
import { sessionField } from "./session-field.ts";

const { output, output_written_by, output_content_type, output_unavailable_reason } = GetPaymentOutput.shape;
const outputFields = { output, output_written_by, output_content_type, output_unavailable_reason };

export const usageProcedures = {
  userRecord: gptSessionProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/gpt/user/record",
        summary: "See what sponsors paid for the person",
        description:
          "Payments, newest first, and sums per sponsor. With payment_id: only that payment, and its output as soon as there is one. Poll it while it is pending.",
      },
      errors: ["not_found"],
      consequential: false,
      example: { request: { limit: 10 } },
    })
    .input(UsageInput.extend(sessionField))
    .output(flatOutput(UsageOutput.extend(outputFields)))
    .query(async ({ ctx, input }) => {
      const caller = { ...ctx.deps, actor: ctx.actor };
      const { payment_id, offset, limit } = input;
      const record = await usageRecord(caller, { offset, limit });
      if (payment_id === undefined) {
        const settledCents = record.by_sponsor.reduce((sum, { settled_cents }) => sum + settled_cents, 0);
        return flatResponse(
          ctx,
          record,
          `${formatCount(record.total_count, "payment")}, ${formatCents(Number(settledCents.toFixed(4)))} settled.`,
          [next.flowStatus()],
        );
      }
      const { data, nextActions } = await getPayment(caller, { payment_id });
      const { payment, service, created_at, ...rest } = data;
      const onlyPayment = {
        ...record,
        payments: [{ ...payment, service, created_at }],
        total_count: 1,
        offset: 0,
        limit: 1,
        ...rest,
      };
      return flatResponse(
        ctx,
        onlyPayment,
        `The payment of ${formatCents(payment.amount_cents)} is ${payment.status}.`,
        nextActions,
      );
    }),
};
