import "../../ui/sheet.css";
import "../../ui/field.css";
import "./answers.css";
import { getRouteApi } from "@tanstack/react-router";
import { useId, useState } from "react";
import { failureOf } from "../../data/failure.ts";
import { Check } from "../../ui/check.tsx";
import { Empty, Loading, Problem } from "../../ui/empty.tsx";
import { said } from "../../ui/said.tsx";
import { Text } from "../../ui/text.tsx";
import { INBOX } from "../../words/inbox.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";
import { Export } from "./export.tsx";
import { Inbox } from "./inbox.tsx";
import type { Filters } from "./queries.ts";
import { useCampaigns } from "./queries.ts";
import { Withdrawn } from "./withdrawn.tsx";

const route = getRouteApi("/console/sponsor/answers");

/** What people agreed to share with a sponsor, by campaign. */
export function AnswersPage() {
  const { words } = useWords();
  const w = usePageWords(INBOX);
  const explain = useFailureWords();
  const id = useId();
  const { data, error } = useCampaigns();
  const { campaign } = route.useSearch();
  const navigate = route.useNavigate();
  const [filters, setFilters] = useState<Filters>({ toJudge: false, contact: false, text: "" });
  const campaigns = data?.campaigns ?? [];
  const chosen = campaigns.find(({ campaign_id }) => campaign_id === campaign) ?? campaigns[0];
  const choose = (campaignId: string): void => {
    navigate({ search: (search) => ({ ...search, campaign: campaignId }), replace: true }).catch(
      () => undefined,
    );
  };
  return (
    <>
      <SponsorHead title={w.title} lead={w.lead} />
      {data === undefined && error === null && <Loading label={words.loading} />}
      {error !== null && <Problem>{explain(failureOf(error))}</Problem>}
      {data !== undefined && chosen === undefined && (
        <Empty>
          <p>{w.noCampaigns}</p>
        </Empty>
      )}
      {chosen !== undefined && (
        <>
          <div className="inbox-filters" role="search">
            <div className="field">
              <label className="field-label" htmlFor={id}>
                {w.campaign}
              </label>
              <select
                className="input"
                id={id}
                value={chosen.campaign_id}
                onChange={(event) => choose(event.target.value)}
              >
                {campaigns.map(({ campaign_id, name }) => (
                  <option key={campaign_id} value={campaign_id}>
                    {said(name, 80)}
                  </option>
                ))}
              </select>
            </div>
            <Text
              label={w.search}
              name="search"
              autoComplete="off"
              value={filters.text}
              onChange={(text) => setFilters({ ...filters, text: text.slice(0, 100) })}
            />
            <Check
              label={w.toJudge}
              isChecked={filters.toJudge}
              onChange={(toJudge) => setFilters({ ...filters, toJudge })}
            />
            <Check
              label={w.contact}
              isChecked={filters.contact}
              onChange={(contact) => setFilters({ ...filters, contact })}
            />
          </div>
          <Export campaignId={chosen.campaign_id} filters={filters} />
          <Inbox key={chosen.campaign_id} campaignId={chosen.campaign_id} filters={filters} />
          <Withdrawn campaignId={chosen.campaign_id} />
        </>
      )}
    </>
  );
}
