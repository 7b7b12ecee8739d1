import { z } from "zod";
import { outputFields, PaymentView } from "../../money/payment/index.ts";
import { Cents, Id, JsonObject, ServiceKey } from "../../protocol/fields.ts";
import { foreignServiceKey } from "../../protocol/foreign/index.ts";
import { IdempotencyKey } from "../../protocol/idempotency/index.ts";

export const RunServiceInput = z.strictObject({
  service_key: ServiceKey,
  input: JsonObject.optional().meta({ description: "The input, as the service's input schema requires" }),
  campaign_id: Id.optional().meta({
    description: "The campaign that is to pay. Default: the first payer that is ready",
  }),
  max_cost_cents: Cents.optional().meta({ description: "Refuse the run if the quote is higher" }),
  idempotency_key: IdempotencyKey.optional(),
});
export type RunServiceInput = z.infer<typeof RunServiceInput>;

export const RunServiceOutput = z.object({
  service: foreignServiceKey(),
  ...outputFields,
  payment: PaymentView,
  execution_metadata: z.object({
    response_time_ms: z.number().nullable(),
    upstream_status: z.number().nullable(),
    cost_cents: z.number(),
    budget_remaining_cents: z.number(),
  }),
});
export type RunServiceOutput = z.infer<typeof RunServiceOutput>;
