import "./warnings.css";
import { Link } from "@tanstack/react-router";
import { useMay } from "../../data/organisations.ts";
import type { Campaign, CampaignRow } from "../../data/shapes.ts";
import { Alert } from "../../ui/icons.tsx";
import { CAMPAIGNS } from "../../words/campaigns.ts";
import { usePageWords, useWords } from "../../words/language.tsx";

type Known = Pick<CampaignRow, "archived_at" | "budget_state">;

/** How far a budget is used, from 80 % on. Undefined: there is nothing to warn of. */
export function useBudgetWarning({ archived_at, budget_state }: Known): string | undefined {
  const { warning: w } = usePageWords(CAMPAIGNS);
  if (archived_at !== undefined || budget_state === "empty" || budget_state === "ok") return undefined;
  return w[budget_state];
}

/** What a campaign runs out of: its money, or the calls that it pays for one person. */
export function Warnings({ campaign, hasFunds = false }: { campaign: Campaign; hasFunds?: boolean }) {
  const { warning: w, edit } = usePageWords(CAMPAIGNS);
  const { format } = useWords();
  const isOwner = useMay("owner");
  const mayEdit = useMay("editor");
  const money = useBudgetWarning(campaign);
  const atCap = campaign.figures.users_at_cap;
  const near = atCap === null ? 0 : atCap.at_80 + atCap.at_95;
  const caps = [
    ...(near > 0 ? [w.nearCap(near, format.count(near))] : []),
    ...(atCap !== null && atCap.used_up > 0 ? [w.atCap(atCap.used_up, format.count(atCap.used_up))] : []),
  ];
  const hasCaps = campaign.archived_at === undefined && caps.length > 0;
  if (money === undefined && !hasCaps) return null;
  return (
    <div className="campaign-warnings" role="status">
      {money !== undefined && (
        <p className="campaign-warning">
          <Alert />
          <span>{money}</span>
          {isOwner && !hasFunds && (
            <Link to="/funds" search={{ add: campaign.campaign_id }} className="link">
              {edit.fund}
            </Link>
          )}
        </p>
      )}
      {hasCaps && (
        <p className="campaign-warning">
          <Alert />
          <span>{caps.join(" ")}</span>
          {mayEdit && !hasFunds && (
            <Link
              to="/campaigns/$campaignId/edit"
              params={{ campaignId: campaign.campaign_id }}
              className="link"
            >
              {w.changeCap}
            </Link>
          )}
        </p>
      )}
    </div>
  );
}
