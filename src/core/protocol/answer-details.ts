import { z } from "zod";

/** Details of the errors about answers that a sponsor judges. */
export const ANSWER_DETAILS = {
  answer_held_back: z.object({
    campaigns: z
      .array(
        z.object({
          campaign_id: z.string(),
          held_until: z.iso.datetime().meta({
            description: "Answers that weren't judged by then count as accepted",
          }),
        }),
      )
      .meta({ description: "Campaigns that pay once the answers to their task are accepted" }),
  }),
  answer_rejected: z.object({
    reject_reason: z.literal("rule"),
    tries_left: z.number().int().meta({ description: "How often the task can still be answered" }),
  }),
};
