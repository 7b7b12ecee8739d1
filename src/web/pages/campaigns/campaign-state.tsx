import type { CampaignRow } from "../../data/shapes.ts";
import { CAMPAIGNS } from "../../words/campaigns.ts";
import { usePageWords } from "../../words/language.tsx";

type Known = Pick<CampaignRow, "active" | "archived_at" | "budget" | "subsidy_per_call_cents">;

/** A campaign's state in words. The colour only repeats them. */
export function CampaignState({ campaign }: { campaign: Known }) {
  const { state: w } = usePageWords(CAMPAIGNS);
  const state = stateOf(campaign);
  const tone = { active: "good", paused: undefined, archived: undefined, empty: "wait" }[state];
  return (
    <span className="note">
      <span className="dot" data-tone={tone} /> {w[state]}
    </span>
  );
}

export function stateOf({ active, archived_at, budget }: Known) {
  if (archived_at !== undefined) return "archived";
  if (!active) return "paused";
  return budget.remaining_cents > 0 ? "active" : "empty";
}
