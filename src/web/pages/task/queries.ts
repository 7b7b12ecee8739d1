import { queryOptions, useMutation } from "@tanstack/react-query";
import { dataOf, queries, server } from "../../data/client.ts";

export const taskQuery = (campaignId: string) =>
  queryOptions({
    queryKey: ["task", campaignId],
    queryFn: ({ signal }) => server.tasks.get.query({ campaign_id: campaignId }, { signal }).then(dataOf),
  });

export const useAnswer = (campaignId: string) =>
  useMutation({
    mutationFn: (answer: { task_data: Record<string, unknown>; contact_permission: boolean }) =>
      server.tasks.answer.mutate({ campaign_id: campaignId, ...answer }).then(dataOf),
    onSuccess: () => queries.invalidateQueries({ queryKey: taskQuery(campaignId).queryKey }),
  });
