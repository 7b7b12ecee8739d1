import { useInfiniteQuery } from "@tanstack/react-query";
import { usePollMs } from "./live.ts";

/**
 * Asks for a list that begins with the newest, page by page. It is asked for again now and then, as long as only the newest page is
 * looked at: who reads older ones doesn't want them to move.
 * @param key names the list; `live.ts` has those that changes are told of
 * @param read asks for the page after this cursor
 */
export function useOlderList<Page extends { next_cursor: string | null }>(
  key: readonly unknown[],
  read: (page: { cursor?: string }, options: { signal: AbortSignal }) => Promise<Page>,
) {
  const pollMs = usePollMs();
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => read(pageParam === null ? {} : { cursor: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: ({ state: { data } }) =>
      data === undefined || data.pages.length === 1 ? pollMs : false,
  });
}
