import { z } from "zod";
import { Timestamp, visibleText } from "../../protocol/fields.ts";

export const GetPaymentSwitchInput = z.strictObject({});

export const SetPaymentSwitchInput = z.strictObject({
  paused: z.boolean(),
  reason: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .optional()
    .meta({ description: "Why payments are paused, for other operators. Agents don't see it" }),
});

/** A pause by an operator, who has to say why. */
export const PausePaymentsInput = z.strictObject({ reason: visibleText(1, 500) });

export const PaymentSwitch = z.object({
  paused: z.boolean().meta({ description: "While true, no new payment is signed. Everything else goes on" }),
  reason: z.string().nullable(),
  changed_at: Timestamp,
});
