import { z } from "zod";
import { outputFields, PaymentView } from "../../money/payment/index.ts";
import { Id, JsonObject, JsonValue, ServiceKey } from "../../protocol/fields.ts";
import { IdempotencyKey } from "../../protocol/idempotency/index.ts";

export const TryServiceInput = z.strictObject({
  service_key: ServiceKey,
  input: JsonObject.optional().meta({
    description: "The input of the call. Default: the service's sample input",
  }),
  campaign_id: Id.optional().meta({
    description:
      "One of your campaigns for this service, which pays, also while it is paused. Default: the service's own budget, else the newest of your campaigns with money",
  }),
  idempotency_key: IdempotencyKey.optional(),
});

export const TryServiceOutput = z.object({
  service_key: z.string(),
  payment: PaymentView,
  delivered: z.boolean().meta({ description: "Whether the upstream answered with what was paid for" }),
  ...outputFields,
  failure: z
    .enum(["timeout", "cut", "blocked", "refused"])
    .nullable()
    .meta({ description: "Why nothing was delivered. null: it was, or the answer may still come" }),
  upstream_status: z.number().int().nullable(),
  upstream_said: JsonValue.optional().meta({ description: "What the upstream answered when it refused" }),
  response_time_ms: z.number().int().nullable(),
});

export const GetTrialInput = z.strictObject({ payment_id: Id });

export const ListTrialPayersInput = z.strictObject({ service_key: ServiceKey });
export const ListTrialPayersOutput = z.object({
  payers: z.array(
    z.object({
      campaign_id: z.string().nullable().meta({ description: "null: the service's own budget" }),
      name: z.string().nullable(),
      remaining_cents: z.number(),
    }),
  ),
});
