import "../../ui/sheet.css";
import "./campaign.css";
import { getRouteApi, Link } from "@tanstack/react-router";
import { failureOf } from "../../data/failure.ts";
import { useMay } from "../../data/organisations.ts";
import type { Campaign } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Loading, Problem } from "../../ui/empty.tsx";
import { Plot } from "../../ui/plot.tsx";
import { said } from "../../ui/said.tsx";
import { useToast } from "../../ui/toast.tsx";
import { CAMPAIGN } from "../../words/campaign.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { CampaignState } from "../campaigns/campaign-state.tsx";
import { Warnings } from "../campaigns/warnings.tsx";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";
import { Figures } from "./figures.tsx";
import { Funnel } from "./funnel.tsx";
import { useCampaign, useChangeCampaign } from "./queries.ts";
import { Refusals } from "./refusals.tsx";
import { Services } from "./services.tsx";
import { Verdicts } from "./verdicts.tsx";

const route = getRouteApi("/console/sponsor/campaigns/$campaignId");

/** What a campaign spent, and what it got for that. */
export function CampaignPage() {
  const { words } = useWords();
  const explain = useFailureWords();
  const { campaignId } = route.useParams();
  const { data, error } = useCampaign(campaignId);
  if (data === undefined)
    return error === null ? (
      <Loading label={words.loading} />
    ) : (
      <Problem>{explain(failureOf(error))}</Problem>
    );
  return <Dashboard campaign={data} />;
}

function Dashboard({ campaign }: { campaign: Campaign }) {
  const w = usePageWords(CAMPAIGN);
  const { format } = useWords();
  const { figures } = campaign;
  return (
    <>
      <SponsorHead title={said(campaign.name, 100)}>
        <Actions campaign={campaign} />
      </SponsorHead>
      <CampaignState campaign={campaign} />
      <Warnings campaign={campaign} />
      <Figures campaign={campaign} />
      <div className="campaign-plots">
        <section className="sheet campaign-part" aria-labelledby="per-day">
          <h2 id="per-day">{w.perDay}</h2>
          <Plot
            label={w.perDay}
            heads={{ name: w.day, value: w.amount }}
            hint={w.arrows}
            say={(cents) => format.amount(cents)}
            bars={figures.daily.map(({ day, spent_cents }) => ({
              ...{ id: day, value: spent_cents },
              name: format.day(`${day}T12:00:00`),
            }))}
          />
        </section>
        <Funnel funnel={figures.funnel} />
      </div>
      <Services services={figures.services} />
      <Refusals campaign={campaign} />
      <Verdicts campaign={campaign} />
    </>
  );
}

function Actions({ campaign: { campaign_id, active, archived_at: archivedAt } }: { campaign: Campaign }) {
  const w = usePageWords(CAMPAIGN);
  const explain = useFailureWords();
  const toast = useToast();
  const change = useChangeCampaign(campaign_id);
  const mayEdit = useMay("editor");
  if (!mayEdit || archivedAt !== undefined) return null;
  return (
    <div className="buttons">
      <Button
        isBusy={change.isPending}
        onPress={() =>
          change.mutate(
            { active: !active },
            { onError: (error) => toast({ text: explain(failureOf(error)) }) },
          )
        }
      >
        {active ? w.pause : w.resume}
      </Button>
      <Link to="/campaigns/$campaignId/edit" params={{ campaignId: campaign_id }} className="btn">
        {w.change}
      </Link>
      <Link to="/funds" search={{ add: campaign_id }} className="btn" data-tone="allow">
        {w.addFunds}
      </Link>
    </div>
  );
}
