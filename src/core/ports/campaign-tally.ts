/** Rules of a campaign that can refuse a run. */
export const REFUSING_RULES = ["inactive", "price", "not_eligible", "budget", "user_cap", "held"] as const;
export type RefusingRule = (typeof REFUSING_RULES)[number];

/** What is counted of campaigns: agents saw them in a search, opened their task, or were refused a run by a rule of theirs. */
export type TallyEvent = "seen" | "opened" | `refused_${RefusingRule}`;

/** Counts what happens to campaigns, in memory. It costs its caller nothing; the counts are stored together, a little later. */
export interface CampaignTally {
  /** @param campaignIds each counts once; null is no campaign */
  count(event: TallyEvent, campaignIds: Iterable<string | null>): void;
}
