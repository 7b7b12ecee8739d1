import { z } from "zod";
import { Overlap } from "../../access/credential/index.ts";
import { Id, PositiveCents, ServiceKey } from "../../protocol/fields.ts";

export const CreateSponsorInput = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .meta({ examples: ["Acme Maps"] }),
  wallet_address: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/)
    .optional()
    .meta({ description: "Where unspent budget is withdrawn to" }),
});

export const CreateSponsorOutput = z.object({
  sponsor_id: z.string(),
  api_key: z.string().meta({ description: "Shown once" }),
});

export const RotateSponsorKeyInput = z.strictObject({ sponsor_id: Id, overlap_seconds: Overlap });

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
    .meta({ description: "Booking the same reference again changes nothing" }),
});
