import { z } from "zod";
import { ErrorCodeField, Timestamp } from "../../protocol/fields.ts";

const figures = {
  calls: z.number().int(),
  runs: z.number().int().meta({ description: "Runs of services that brought an answer" }),
  people: z.number().int().meta({ description: "For how many people" }),
  spent_cents: z.number().meta({ description: "What sponsors paid for its runs" }),
};

export const AgentUsageOutput = z.object({
  total: z.object(figures),
  is_cut: z.boolean().meta({ description: "There was more than is counted: only the newest calls are" }),
  days: z
    .array(z.object({ day: z.iso.date(), ...figures }))
    .meta({ description: "The last 30 days (UTC), the oldest first" }),
  errors: z
    .array(z.object({ error_code: ErrorCodeField, calls: z.number().int(), latest_at: Timestamp }))
    .meta({ description: "The most frequent first" }),
});
