import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { dataOf, server } from "../../data/client.ts";
import { refreshSponsor, sponsorKey, useSponsor } from "../../data/organisations.ts";

const KEY = "campaigns";
/** Figures change all the time, and nobody waits for them. */
const EVERY_MS = 15_000;

const campaignQuery = (sponsorId: string, campaignId: string) =>
  queryOptions({
    queryKey: sponsorKey(sponsorId, KEY, campaignId),
    queryFn: ({ signal }) =>
      server.sponsors.campaigns.get
        .query({ sponsor_id: sponsorId, campaign_id: campaignId }, { signal })
        .then(dataOf),
    refetchInterval: EVERY_MS,
  });

export const useCampaign = (campaignId: string) =>
  useQuery(campaignQuery(useSponsor().sponsor_id, campaignId));

export function useChangeCampaign(campaignId: string) {
  const { sponsor_id } = useSponsor();
  return useMutation({
    mutationFn: (change: Record<string, unknown>) =>
      server.sponsors.campaigns.change
        .mutate({ ...change, sponsor_id, campaign_id: campaignId })
        .then(dataOf),
    onSettled: () => refreshSponsor(sponsor_id, KEY),
  });
}

/** Makes or replaces the secret of the holdback webhook. The answer, which has it, isn't kept. */
export function useRotateSecret(campaignId: string) {
  const { sponsor_id } = useSponsor();
  return useMutation({
    mutationFn: () =>
      server.sponsors.campaigns.rotate_verdict_secret
        .mutate({ sponsor_id, campaign_id: campaignId })
        .then(dataOf),
    gcTime: 0,
    onSettled: () => refreshSponsor(sponsor_id, KEY),
  });
}
