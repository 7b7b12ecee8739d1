import { z } from "zod";
import { IdempotencyKey } from "../../protocol/idempotency/index.ts";
import { Cents, Id, JsonObject, JsonValue, ServiceKey, Timestamp } from "../../protocol/fields.ts";

export const RunServiceInput = z.strictObject({
  service_key: ServiceKey,
  input: JsonObject.optional().meta({ description: "As the service's input schema asks" }),
  campaign_id: Id.optional().meta({ description: "Who is to pay. Left out: whoever pays first" }),
  max_cost_cents: Cents.optional().meta({ description: "Refuse a higher quote" }),
  idempotency_key: IdempotencyKey.optional(),
});
export type RunServiceInput = z.infer<typeof RunServiceInput>;

export const PaymentView = z
  .object({
    payment_id: z.string(),
    status: z.enum(["pending", "settled", "expired", "void", "free"]),
    sponsored_by: z.string(),
    campaign_id: z.string().optional(),
    amount_cents: z.number(),
    tx_hash: z.string().optional().meta({ description: "The settled payment's transaction on chain" }),
    network: z.string(),
  })
  .meta({ id: "Payment" });
export type PaymentView = z.infer<typeof PaymentView>;

const output = {
  output: JsonValue.optional().meta({
    description: "JSON as it is, text as a string, anything else as { base64 }",
  }),
  output_content_type: z.string().optional(),
  output_unavailable_reason: z
    .enum(["not_delivered", "too_large", "no_longer_kept"])
    .optional()
    .meta({ description: "Why a finished payment comes without its output" }),
};

export const RunServiceOutput = z.object({
  service: z.string(),
  ...output,
  payment: PaymentView,
  execution_metadata: z.object({
    response_time_ms: z.number().nullable(),
    upstream_status: z.number().nullable(),
    cost_cents: z.number(),
    budget_remaining_cents: z.number(),
  }),
});
export type RunServiceOutput = z.infer<typeof RunServiceOutput>;

export const GetPaymentInput = z.strictObject({ payment_id: Id });
export const GetPaymentOutput = z.object({
  payment: PaymentView,
  service: z.string(),
  created_at: Timestamp,
  ...output,
});
