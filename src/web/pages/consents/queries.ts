import { infiniteQueryOptions, useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { dataOf, queries, server } from "../../data/client.ts";

const PAGE_SIZE = 25;

const sharedQuery = infiniteQueryOptions({
  queryKey: ["shared"],
  queryFn: ({ pageParam, signal }) =>
    server.consents.list
      .query({ limit: PAGE_SIZE, ...(pageParam !== null && { cursor: pageParam }) }, { signal })
      .then(dataOf),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next_cursor }) => next_cursor,
});

export const useShared = () => useInfiniteQuery(sharedQuery);

export const useWithdraw = () =>
  useMutation({
    mutationFn: (consentId: string) => server.consents.withdraw.mutate({ consent_id: consentId }),
    onSettled: () => queries.invalidateQueries({ queryKey: sharedQuery.queryKey }),
  });
