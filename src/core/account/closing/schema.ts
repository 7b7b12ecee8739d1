import { z } from "zod";
import { Timestamp } from "../../protocol/fields.ts";

const budget = {
  campaign_id: z.string().nullable(),
  service_key: z.string().nullable().meta({ description: "One of the two is null" }),
  name: z.string(),
};

export const ClosingStateOutput = z.object({
  is_fresh: z.boolean().meta({ description: "The person signed in so lately that they may close it" }),
  active_campaigns: z
    .array(z.object({ campaign_id: z.string(), name: z.string() }))
    .meta({ description: "They are paused or archived first" }),
  budgets: z
    .array(z.object({ ...budget, left_cents: z.number() }))
    .meta({ description: "Budgets that hold money, or have reserved some. It is withdrawn first" }),
  under_way: z.number().int().meta({ description: "Payments and withdrawals that aren't decided yet" }),
});

export const CloseOrganisationInput = z.strictObject({
  name: z.string().max(200).meta({ description: "The organisation's name, typed anew" }),
});
export const CloseOrganisationOutput = z.object({ closed_at: Timestamp });
