import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { dataOf, server } from "../../data/client.ts";
import { usePollMs } from "../../data/live.ts";

const PAGE_SIZE = 25;

const paymentsQuery = infiniteQueryOptions({
  queryKey: ["payments"],
  queryFn: ({ pageParam, signal }) =>
    server.payments.list
      .query({ limit: PAGE_SIZE, ...(pageParam !== null && { cursor: pageParam }) }, { signal })
      .then(dataOf),
  initialPageParam: null as string | null,
  getNextPageParam: ({ next_cursor }) => next_cursor,
});

export const usePayments = () => {
  const pollMs = usePollMs();
  return useInfiniteQuery({
    ...paymentsQuery,
    // Who reads older ones doesn't want them to move.
    refetchInterval: ({ state: { data } }) =>
      data === undefined || data.pages.length === 1 ? pollMs : false,
  });
};
