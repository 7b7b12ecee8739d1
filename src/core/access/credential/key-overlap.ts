import { z } from "zod";
import { Timestamp } from "../../protocol/fields.ts";

/** Long enough to roll a new key out to wherever it is used. */
export const DEFAULT_OVERLAP_SECONDS = 86_400;

export const Overlap = z
  .number()
  .int()
  .min(0)
  .max(30 * 86_400)
  .optional()
  .meta({
    description:
      "Seconds for which the keys before it go on; default a day. 0 revokes them at once, with their sessions.",
  });

export const RotateKeyOutput = z.object({
  key_id: z.string(),
  api_key: z.string().meta({ description: "Shown once" }),
  previous_keys_end_at: Timestamp,
});
