import { useMutation } from "@tanstack/react-query";
import { dataOf, server } from "../../data/client.ts";
import { useOlderList } from "../../data/older.ts";
import { refreshSponsor, sponsorKey, useSponsor } from "../../data/organisations.ts";

const KEY = "answers";

export interface Filters {
  toJudge: boolean;
  contact: boolean;
  text: string;
}

export function useAnswers(campaignId: string, { toJudge, contact, text }: Filters) {
  const { sponsor_id } = useSponsor();
  return useOlderList(sponsorKey(sponsor_id, KEY, campaignId, toJudge, contact, text), (page, options) =>
    server.sponsors.answers.search
      .query(
        {
          ...{ sponsor_id, campaign_id: campaignId, to_judge: toJudge, contact_permitted: contact },
          ...(text !== "" && { q: text }),
          ...page,
        },
        options,
      )
      .then(dataOf),
  );
}

export function useWithdrawn(campaignId: string) {
  const { sponsor_id } = useSponsor();
  return useOlderList(sponsorKey(sponsor_id, "withdrawn", campaignId), (page, options) =>
    server.sponsors.answers.withdrawn
      .query({ sponsor_id, campaign_id: campaignId, ...page }, options)
      .then(dataOf),
  );
}

export function useAccept() {
  const { sponsor_id } = useSponsor();
  return useMutation({
    mutationFn: (answer_id: string) => server.sponsors.answers.accept.mutate({ sponsor_id, answer_id }),
    onSettled: () => refreshSponsor(sponsor_id, KEY),
  });
}

export interface Rejection {
  answer_id: string;
  reason: Parameters<typeof server.sponsors.answers.reject.mutate>[0]["reason"];
  note?: string;
}

export function useReject() {
  const { sponsor_id } = useSponsor();
  return useMutation({
    mutationFn: (rejection: Rejection) => server.sponsors.answers.reject.mutate({ sponsor_id, ...rejection }),
    onSettled: () => refreshSponsor(sponsor_id, KEY),
  });
}

export function useConfirmDeletion() {
  const { sponsor_id } = useSponsor();
  return useMutation({
    mutationFn: (answer_id: string) =>
      server.sponsors.answers.confirm_deletion.mutate({ sponsor_id, answer_id }),
    onSettled: () => refreshSponsor(sponsor_id, "withdrawn"),
  });
}
