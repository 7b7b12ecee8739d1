import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { dataOf, server } from "../../data/client.ts";
import { usePollMs } from "../../data/live.ts";

const PAGE_SIZE = 50;

const activityQuery = (grantId: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["activity", grantId],
    queryFn: ({ pageParam, signal }) =>
      server.activity.list
        .query(
          {
            limit: PAGE_SIZE,
            ...(grantId !== undefined && { grant_id: grantId }),
            ...(pageParam !== null && { cursor: pageParam }),
          },
          { signal },
        )
        .then(dataOf),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });

export const useActivity = (grantId: string | undefined) => {
  const pollMs = usePollMs();
  return useInfiniteQuery({
    ...activityQuery(grantId),
    // Who reads older ones doesn't want them to move.
    refetchInterval: ({ state: { data } }) =>
      data === undefined || data.pages.length === 1 ? pollMs : false,
  });
};
