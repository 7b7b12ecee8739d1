import { z } from "zod";
import { Id, Timestamp } from "../../protocol/fields.ts";
import { foreignServiceKey, foreignText } from "../../protocol/foreign/index.ts";
import { PaymentView } from "../payment/index.ts";

export const UsageInput = z.strictObject({
  payment_id: Id.optional().meta({ description: "Only this payment, with its output while it is kept" }),
  offset: z.number().int().min(0).max(1_000_000).optional(),
  limit: z.number().int().min(1).max(50).optional(),
});

export const UsageOutput = z.object({
  payments: z.array(PaymentView.extend({ service: foreignServiceKey(), created_at: Timestamp })),
  total_count: z.number().int(),
  offset: z.number().int(),
  limit: z.number().int(),
  by_sponsor: z
    .array(
      z.object({
        sponsor: foreignText(),
        calls: z.number().int(),
        settled_cents: z.number(),
        pending_cents: z.number(),
      }),
    )
    .meta({ description: "What each sponsor paid for this user's calls through this agent" }),
});
