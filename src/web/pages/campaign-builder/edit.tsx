import { getRouteApi, Link } from "@tanstack/react-router";
import { failureOf } from "../../data/failure.ts";
import { useMay } from "../../data/organisations.ts";
import type { Campaign } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty, Loading, Problem } from "../../ui/empty.tsx";
import { said } from "../../ui/said.tsx";
import { useToast } from "../../ui/toast.tsx";
import { CAMPAIGNS } from "../../words/campaigns.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { CampaignState, stateOf } from "../campaigns/campaign-state.tsx";
import { Warnings } from "../campaigns/warnings.tsx";
import { useArchiveCampaign, useCampaign, useChangeCampaign } from "../campaigns/queries.ts";
import { useServices } from "../services/queries.ts";
import { useFailureWords } from "../shell/failure-words.ts";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";
import { Builder } from "./builder.tsx";
import { changesOf, draftOf } from "./draft.ts";

const route = getRouteApi("/console/sponsor/campaigns/$campaignId/edit");

export function EditCampaignPage() {
  const w = usePageWords(CAMPAIGNS);
  const { words } = useWords();
  const explain = useFailureWords();
  const { campaignId } = route.useParams();
  const { data: campaign, error } = useCampaign(campaignId);
  const services = useServices().data;
  if (campaign === undefined && error !== null)
    return (
      <Empty>
        <Problem>{explain(failureOf(error))}</Problem>
        <Link to="/campaigns" activeOptions={{ exact: true }} className="btn" data-tone="plain">
          {w.back}
        </Link>
      </Empty>
    );
  if (campaign === undefined || services === undefined) return <Loading label={words.loading} />;
  return (
    <Edit
      key={campaign.campaign_id}
      campaign={campaign}
      ownKeys={services.apis.map(({ service_key }) => service_key)}
    />
  );
}

function Edit({ campaign, ownKeys }: { campaign: Campaign; ownKeys: string[] }) {
  const w = usePageWords(CAMPAIGNS);
  const toast = useToast();
  const mayEdit = useMay("editor");
  const isArchived = campaign.archived_at !== undefined;
  const change = useChangeCampaign(campaign.campaign_id);
  return (
    <>
      <SponsorHead title={said(campaign.name, 60)} lead={isArchived ? w.edit.archivedLead : w.edit.lead}>
        <Link to="/campaigns" activeOptions={{ exact: true }} className="btn" data-tone="plain">
          {w.back}
        </Link>
      </SponsorHead>
      <State campaign={campaign} />
      {mayEdit && !isArchived && (
        <Builder
          first={draftOf(campaign, ownKeys)}
          isTaskFixed
          submit={w.edit.save}
          isBusy={change.isPending}
          failure={change.error === null ? undefined : failureOf(change.error)}
          onSubmit={(input) =>
            change.mutate(changesOf(input), { onSuccess: () => toast({ text: w.edit.saved }) })
          }
        />
      )}
    </>
  );
}

/** Whether it pays, from what, and the buttons that change that. */
function State({ campaign }: { campaign: Campaign }) {
  const w = usePageWords(CAMPAIGNS);
  const { format } = useWords();
  const explain = useFailureWords();
  const toast = useToast();
  const mayEdit = useMay("editor");
  const change = useChangeCampaign(campaign.campaign_id);
  const archive = useArchiveCampaign(campaign.campaign_id);
  const error = change.error ?? archive.error;
  const { limit_cents: limit, remaining_cents: left } = campaign.budget;
  const setActive = (active: boolean): void => {
    if (change.isPending) return;
    change.mutate({ active }, { onSuccess: (changed) => toast({ text: w.edit.now[stateOf(changed)] }) });
  };
  return (
    <section className="sheet part" aria-label={w.edit.money}>
      <p className="part-buttons">
        <CampaignState campaign={campaign} />
        <span className="note num">
          {limit === 0 ? w.row.noMoney : w.row.left(format.amount(left), format.amount(limit))}
        </span>
      </p>
      <Warnings campaign={campaign} hasFunds />
      {error !== null && <Problem>{explain(failureOf(error))}</Problem>}
      {mayEdit && (
        <div className="part-buttons">
          {campaign.archived_at === undefined &&
            (campaign.active ? (
              <Button onPress={() => setActive(false)}>{w.edit.pause}</Button>
            ) : (
              <Button tone={limit === 0 ? "plain" : "allow"} onPress={() => setActive(true)}>
                {w.edit.start}
              </Button>
            ))}
          {campaign.archived_at === undefined && (
            <Link
              to="/funds"
              search={{ add: campaign.campaign_id }}
              className="btn"
              data-tone={limit === 0 ? "allow" : "plain"}
            >
              {w.edit.fund}
            </Link>
          )}
          <Link to="/campaigns/new" search={{ from: campaign.campaign_id }} className="btn" data-tone="plain">
            {w.edit.copy}
          </Link>
          {campaign.archived_at === undefined && (
            <Confirm
              trigger={w.edit.archive}
              title={w.edit.archiveTitle(said(campaign.name, 50))}
              body={w.edit.archiveBody}
              yes={w.edit.archiveYes}
              no={w.edit.archiveNo}
              onYes={() => archive.mutate(undefined)}
            />
          )}
        </div>
      )}
    </section>
  );
}
