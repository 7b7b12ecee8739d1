import type { CheckContext } from "../../personal-data/data-schema/index.ts";
import { validateSubmission } from "../../personal-data/data-schema/index.ts";
import { AppError } from "../../protocol/errors.ts";
import type { PhoneRegion } from "../../protocol/phone-regions.ts";
import { next } from "../../protocol/next-actions.ts";
import type { Answered } from "./review.ts";
import { triesLeft } from "./review.ts";

/**
 * Returns what a campaign's rule says of answers that its task's schema allows. Null: it has no rule.
 *
 * References to stored values are judged as references: a rule never reads what the user has stored, so its verdict tells
 * nothing about it.
 */
export async function judgeByRule(
  ctx: CheckContext,
  { holdback, holdbackRule }: { holdback: string | null; holdbackRule: unknown },
  submitted: { data: Record<string, unknown>; regions: PhoneRegion[] },
): Promise<"accept" | "reject" | null> {
  if (holdback !== "rule") return null;
  const result = await validateSubmission(ctx, holdbackRule, { ...submitted, basePath: "" });
  return result.ok ? "accept" : "reject";
}

/** The error for answers that the campaign's rule has rejected. It doesn't say which of them, or agents would try until they pass. */
export function rejectedByRule(campaign: { id: string } & Pick<Answered, "rejections">): AppError {
  const tries_left = triesLeft(campaign.rejections + 1);
  return new AppError("answer_rejected", {
    details: { reject_reason: "rule", tries_left },
    nextActions: [
      ...(tries_left > 0 ? [next.getTask(campaign.id, "Read again what the sponsor asks for.")] : []),
      next.searchServices({}, "Find services that another sponsor pays for."),
    ],
  });
}
