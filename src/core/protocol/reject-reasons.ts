import { z } from "zod";

/** Why a sponsor rejects an answer. `rule`: the campaign's rule did. */
export const REJECT_REASONS = [
  "incomplete",
  "implausible",
  "off_topic",
  "duplicate",
  "low_effort",
  "not_wanted",
  "rule",
  "other",
] as const;
export const RejectReason = z.enum(REJECT_REASONS);
export type RejectReason = z.infer<typeof RejectReason>;
