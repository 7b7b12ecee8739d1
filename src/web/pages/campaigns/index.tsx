import "../../ui/sheet.css";
import "../services/services.css";
import { Link } from "@tanstack/react-router";
import { failureOf } from "../../data/failure.ts";
import { useMay } from "../../data/organisations.ts";
import type { CampaignRow } from "../../data/shapes.ts";
import { Empty, Loading, Problem } from "../../ui/empty.tsx";
import { Meter } from "../../ui/meter.tsx";
import { said } from "../../ui/said.tsx";
import { CAMPAIGNS } from "../../words/campaigns.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { SERVICES } from "../../words/services.ts";
import { useServices } from "../services/queries.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";
import { CampaignState } from "./campaign-state.tsx";
import { useCampaigns } from "./queries.ts";
import { useBudgetWarning } from "./warnings.tsx";

export function CampaignsPage() {
  const w = usePageWords(CAMPAIGNS);
  const { register } = usePageWords(SERVICES);
  const { words } = useWords();
  const explain = useFailureWords();
  const mayEdit = useMay("editor");
  const { data, error } = useCampaigns();
  const hasServices = (useServices().data?.total_count ?? 1) > 0;
  const create = mayEdit && (
    <Link to="/campaigns/new" className="btn" data-tone="allow">
      {w.create}
    </Link>
  );
  return (
    <>
      <SponsorHead title={w.title} lead={w.lead}>
        {data !== undefined && data.campaigns.length > 0 && create}
      </SponsorHead>
      {data === undefined && error === null && <Loading label={words.loading} />}
      {data === undefined && error !== null && <Problem>{explain(failureOf(error))}</Problem>}
      {data?.campaigns.length === 0 && (
        <Empty>
          <p>{hasServices ? w.empty : w.emptyNoService}</p>
          {hasServices || !mayEdit ? (
            create
          ) : (
            <Link to="/services/new" className="btn" data-tone="allow">
              {register}
            </Link>
          )}
        </Empty>
      )}
      {data !== undefined && data.campaigns.length > 0 && (
        <ul className="sheet rows" aria-label={w.list}>
          {data.campaigns.map((row) => (
            <li key={row.campaign_id}>
              <Row row={row} mayEdit={mayEdit} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Row({ row, mayEdit }: { row: CampaignRow; mayEdit: boolean }) {
  const w = usePageWords(CAMPAIGNS);
  const { format } = useWords();
  const name = said(row.name, 60);
  const { limit_cents: limit, remaining_cents: left } = row.budget;
  const warning = useBudgetWarning(row);
  const money = limit === 0 ? w.row.noMoney : w.row.left(format.amount(left), format.amount(limit));
  return (
    <article className="service-row" aria-label={name}>
      <div className="service-name">
        <Link to="/campaigns/$campaignId/edit" params={{ campaignId: row.campaign_id }} className="one-line">
          <bdi>{name}</bdi>
        </Link>
        <span className="note">{w.row.subsidy(format.amount(row.subsidy_per_call_cents))}</span>
      </div>
      <CampaignState campaign={row} />
      <div className="service-name">
        <span className="note num">{money}</span>
        {limit > 0 && <Meter value={limit - left} max={limit} label={money} isIdle={!row.active} />}
        {warning !== undefined && (
          <span className="note">
            <span className="dot" data-tone={row.budget_state === "used_up" ? "bad" : "wait"} /> {warning}
          </span>
        )}
      </div>
      <div className="part-buttons">
        <Link to="/campaigns/$campaignId" params={{ campaignId: row.campaign_id }} className="note num">
          {w.row.answers(row.completions)}
        </Link>
        {mayEdit && (
          <Link
            to="/campaigns/new"
            search={{ from: row.campaign_id }}
            className="btn"
            data-tone="quiet"
            data-size="small"
          >
            {w.row.copy} <span className="unseen">{name}</span>
          </Link>
        )}
      </div>
    </article>
  );
}
