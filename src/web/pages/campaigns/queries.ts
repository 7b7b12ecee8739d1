import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { readAllPages } from "../../data/all-pages.ts";
import { dataOf, server } from "../../data/client.ts";
import { refreshSponsor, sponsorKey, useSponsor } from "../../data/organisations.ts";
import type { CampaignChange, CampaignInput } from "../../data/shapes.ts";

const CAMPAIGNS = "campaigns";

const campaignsQuery = (sponsor_id: string) =>
  queryOptions({
    queryKey: sponsorKey(sponsor_id, CAMPAIGNS),
    queryFn: async ({ signal }) => ({
      campaigns: await readAllPages(
        (offset) =>
          server.sponsors.campaigns.list
            .query({ sponsor_id, offset }, { signal })
            .then(dataOf)
            .then(({ campaigns, total_count }) => ({ items: campaigns, total_count })),
        ({ campaign_id }) => campaign_id,
      ),
    }),
  });
export const useCampaigns = () => useQuery(campaignsQuery(useSponsor().sponsor_id));

/** Undefined: none is asked for. */
export function useCampaign(campaign_id: string | undefined) {
  const { sponsor_id } = useSponsor();
  return useQuery({
    queryKey: sponsorKey(sponsor_id, CAMPAIGNS, campaign_id),
    queryFn: ({ signal }) =>
      server.sponsors.campaigns.get
        .query({ sponsor_id, campaign_id: campaign_id ?? "" }, { signal })
        .then(dataOf),
    enabled: campaign_id !== undefined,
  });
}

/** What agents and people would get of a draft. Undefined: it isn't complete yet; what was shown last stays. */
export function usePreview(draft: CampaignInput | undefined) {
  const { sponsor_id } = useSponsor();
  return useQuery({
    queryKey: sponsorKey(sponsor_id, "preview", draft),
    queryFn: ({ signal }) => {
      if (draft === undefined) throw new Error("no draft");
      return server.sponsors.campaigns.preview.mutate({ sponsor_id, ...draft }, { signal }).then(dataOf);
    },
    enabled: draft !== undefined,
    placeholderData: (previous) => previous,
    staleTime: 60_000,
    retry: false,
  });
}

export function useReach(target: { target_roles: string[]; target_tools: string[] }) {
  const { sponsor_id } = useSponsor();
  return useQuery({
    queryKey: sponsorKey(sponsor_id, "reach", target),
    queryFn: ({ signal }) =>
      server.sponsors.campaigns.reach.query({ sponsor_id, ...target }, { signal }).then(dataOf),
    placeholderData: (previous) => previous,
    staleTime: 60_000,
    retry: false,
  });
}

function useCampaignCall<Input, Output>(call: (sponsorId: string, input: Input) => Promise<Output>) {
  const { sponsor_id } = useSponsor();
  return useMutation({
    mutationFn: (input: Input) => call(sponsor_id, input),
    onSettled: () => refreshSponsor(sponsor_id, CAMPAIGNS),
  });
}

export const useCreateCampaign = () =>
  useCampaignCall((sponsor_id, input: CampaignInput & { idempotency_key: string }) =>
    server.sponsors.campaigns.create.mutate({ sponsor_id, ...input }).then(dataOf),
  );

export const useChangeCampaign = (campaign_id: string) =>
  useCampaignCall((sponsor_id, input: CampaignChange) =>
    server.sponsors.campaigns.change.mutate({ sponsor_id, campaign_id, ...input }).then(dataOf),
  );

export const useArchiveCampaign = (campaign_id: string) =>
  useCampaignCall((sponsor_id, _: undefined) =>
    server.sponsors.campaigns.archive.mutate({ sponsor_id, campaign_id }).then(dataOf),
  );
