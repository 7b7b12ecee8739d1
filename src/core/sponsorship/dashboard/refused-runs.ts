import type { z } from "zod";
import type { RefusingRule } from "../../ports/campaign-tally.ts";
import { REFUSING_RULES } from "../../ports/campaign-tally.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { CampaignStatistics } from "./schema.ts";

/** What a campaign's rules say now, as far as a change of one depends on it. */
export interface PresentTerms {
  campaignId: string;
  active: boolean;
  hasTarget: boolean;
  subsidyMicros: bigint;
  /** The highest price of a service that it is for. */
  highestPriceMicros: bigint | null;
  maxCallsPerUser: number | null;
  /** Micros that are left of its budget. */
  remaining: bigint;
  holdsBack: boolean;
}

type RefusedRuns = z.infer<typeof CampaignStatistics>["refused_runs"];
type Change = RefusedRuns[number]["change"];

/** The runs that each rule refused, the most first, with the change that would allow them. */
export function viewRefusedRuns(tallies: ReadonlyMap<string, bigint>, terms: PresentTerms): RefusedRuns {
  return REFUSING_RULES.map((rule) => ({
    rule,
    runs: Number(tallies.get(`refused_${rule}`) ?? 0n),
    change: changeFor(rule, terms),
  }))
    .filter(({ runs }) => runs > 0)
    .sort((a, b) => b.runs - a.runs);
}

/** The change of a campaign that would allow what a rule refuses. Null: the rule refuses nothing any more. */
function changeFor(rule: RefusingRule, terms: PresentTerms): Change {
  const { campaignId: campaign_id } = terms;
  const change = (params: Record<string, unknown>): Change => ({
    action: "change_campaign",
    params: { campaign_id, ...params },
  });
  switch (rule) {
    case "inactive":
      return terms.active ? null : change({ active: true });
    case "price": {
      const price = terms.highestPriceMicros;
      return price === null || price <= terms.subsidyMicros
        ? null
        : change({ subsidy_per_call_cents: microsToCents(price) });
    }
    case "not_eligible":
      return terms.hasTarget ? change({ target_roles: [], target_tools: [] }) : null;
    case "user_cap":
      return terms.maxCallsPerUser === null ? null : change({ max_calls_per_user: null });
    case "budget":
      return terms.remaining >= terms.subsidyMicros && terms.remaining > 0n
        ? null
        : { action: "fund_campaign", params: { campaign_id } };
    case "held":
      return terms.holdsBack ? { action: "list_answers", params: { campaign_id, to_judge: true } } : null;
  }
}

const DAY_MS = 24 * 3_600_000;
const MOST_DAYS = 3_650;

/** When a budget is used up at a pace. Null: there is no pace, or it would take more than ten years. */
export function lastsUntil(
  { remaining, spent, days }: { remaining: bigint; spent: bigint; days: number },
  now: Date,
): string | null {
  if (spent === 0n) return null;
  const left = (Number(remaining) / Number(spent)) * days;
  return left > MOST_DAYS ? null : new Date(now.getTime() + left * DAY_MS).toISOString();
}
