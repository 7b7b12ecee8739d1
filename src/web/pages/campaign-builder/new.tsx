import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { failureOf } from "../../data/failure.ts";
import type { Campaign } from "../../data/shapes.ts";
import { Loading } from "../../ui/empty.tsx";
import { CAMPAIGNS } from "../../words/campaigns.ts";
import { usePageWords, useWords } from "../../words/language.tsx";
import { useCampaign, useCreateCampaign } from "../campaigns/queries.ts";
import { useServices } from "../services/queries.ts";
import { SponsorHead } from "../sponsor/sponsor-head.tsx";
import { Builder } from "./builder.tsx";
import type { Draft } from "./draft.ts";
import { draftOf, emptyDraft } from "./draft.ts";

const route = getRouteApi("/console/sponsor/campaigns/new");

/** Makes a campaign, from nothing or from one that is there. */
export function NewCampaignPage() {
  const w = usePageWords(CAMPAIGNS);
  const { words } = useWords();
  const navigate = useNavigate();
  const { from, service } = route.useSearch();
  const original = useCampaign(from);
  const services = useServices().data;
  const create = useCreateCampaign();
  // If an answer is lost, pressing once more creates no second campaign, as long as nothing is changed.
  const sent = useRef({ draft: "", key: "" });
  const isLoading = services === undefined || (from !== undefined && original.isLoading);
  const ownKeys = (services?.apis ?? []).map(({ service_key }) => service_key);
  const wanted = services?.apis.find((one) => one.service_key === service);
  const copyOf = (campaign: Campaign): Draft => {
    const draft = draftOf(campaign, ownKeys);
    return { ...draft, name: w.new.copyOf(draft.name) };
  };
  return (
    <>
      <SponsorHead title={w.new.title} lead={w.new.lead}>
        <Link to="/campaigns" activeOptions={{ exact: true }} className="btn" data-tone="plain">
          {w.back}
        </Link>
      </SponsorHead>
      {isLoading ? (
        <Loading label={words.loading} />
      ) : (
        <Builder
          first={original.data === undefined ? emptyDraft(wanted) : copyOf(original.data)}
          isTaskFixed={false}
          submit={w.submit}
          isBusy={create.isPending}
          failure={create.error === null ? undefined : failureOf(create.error)}
          onSubmit={(input) => {
            const draft = JSON.stringify(input);
            if (sent.current.draft !== draft) sent.current = { draft, key: crypto.randomUUID() };
            create.mutate(
              { ...input, idempotency_key: sent.current.key },
              {
                onSuccess: ({ campaign_id: campaignId }) => {
                  navigate({ to: "/campaigns/$campaignId/edit", params: { campaignId } }).catch(
                    () => undefined,
                  );
                },
              },
            );
          }}
        />
      )}
    </>
  );
}
