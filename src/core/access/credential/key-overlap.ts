import { z } from "zod";
import { Timestamp } from "../../protocol/fields.ts";

/** One day: enough time to deploy the new key everywhere. */
export const DEFAULT_OVERLAP_SECONDS = 86_400;

export const Overlap = z
  .number()
  .int()
  .min(0)
  .max(30 * 86_400)
  .optional()
  .meta({
    description:
      "Seconds for which the earlier keys stay valid. Default: one day. 0 revokes them and their sessions at once.",
  });

export const RotateKeyOutput = z.object({
  key_id: z.string(),
  api_key: z.string().meta({ description: "The new key. It is shown only once" }),
  previous_keys_end_at: Timestamp,
});
