import { z } from "zod";
import { Budget, Id, PositiveCents, ServiceKey } from "../../protocol/fields.ts";

const amount = PositiveCents.meta({ description: "The amount to pay, by which the budget grows" });

export const FundCampaignInput = z.strictObject({ campaign_id: Id, amount_cents: amount });
export const FundApiInput = z.strictObject({ service_key: ServiceKey, amount_cents: amount });
export const FundOutput = z.object({
  budget: Budget,
  credited_cents: z.number().meta({ description: "What this payment added to the budget" }),
});

export const BookCreditInput = z.strictObject({
  sponsor_id: Id,
  campaign_id: Id.optional(),
  service_key: ServiceKey.optional(),
  amount_cents: PositiveCents,
  reference: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .meta({ description: "Names the booking. Booking the same reference again changes nothing" }),
});
export const BookCreditOutput = z.object({ budget: Budget, reference: z.string() });
