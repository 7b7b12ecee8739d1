import { z } from "zod";
import { Timestamp } from "../../protocol/fields.ts";
import { foreignText } from "../../protocol/foreign/index.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import { RejectReason } from "../../protocol/reject-reasons.ts";
import type { findCampaignForUser } from "../campaign/index.ts";

/** So many answers of one person to one task are rejected. Then the campaign takes no more of them. */
export const MOST_REJECTIONS = 3;

/** What became of a person's answers to a task. */
export const Review = z
  .object({
    state: z.enum(["held_back", "accepted", "rejected"]).meta({
      description:
        "held_back: they unlock runs once the sponsor accepts them, or at `held_until`. rejected: they were erased, and unlock nothing",
    }),
    held_until: Timestamp.nullable(),
    reject_reason: RejectReason.nullable(),
    reject_note: foreignText().meta({ description: "What the sponsor wrote about it, if anything" }),
    tries_left: z
      .number()
      .int()
      .meta({ description: "How often the task can still be answered after a rejection" }),
  })
  .meta({ id: "AnswerReview" });

export type Answered = Pick<
  NonNullable<Awaited<ReturnType<typeof findCampaignForUser>>>,
  "answer" | "rejections"
>;

/** What became of the user's last answers. Null: there are none, or they were withdrawn. */
export function reviewOf({ answer, rejections }: Answered): z.infer<typeof Review> | null {
  if (answer === null || answer.state === "withdrawn") return null;
  const isHeld = answer.state === "held_back";
  return {
    // What can still be rejected, but unlocks runs already, is accepted for its person.
    state: isHeld ? "held_back" : answer.state === "rejected" ? "rejected" : "accepted",
    held_until: isHeld ? answer.judgeUntil.toISOString() : null,
    reject_reason: answer.rejectReason as RejectReason | null,
    reject_note: answer.rejectNote,
    tries_left: triesLeft(rejections),
  };
}

export const triesLeft = (rejections: number): number => Math.max(0, MOST_REJECTIONS - rejections);

/** What an agent can do while answers are held back: ask again, or look for another sponsor. */
export const nextWhileHeld = (campaignId: string): NextAction[] => [
  next.getTask(campaignId, "Ask whether the sponsor has accepted the answers."),
  next.searchServices({}, "Find services that another sponsor pays for."),
];
