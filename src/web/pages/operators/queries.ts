import { useMutation, useQuery } from "@tanstack/react-query";
import { dataOf, queries, server } from "../../data/client.ts";
import { useOlderList } from "../../data/older.ts";

const KEY = "operations";
/** No stream tells of these. Hidden pages don't ask. */
const EVERY_MS = 15_000;

export const useOverview = () =>
  useQuery({
    queryKey: [KEY, "overview"],
    queryFn: ({ signal }) => server.operations.overview.query(undefined, { signal }).then(dataOf),
    refetchInterval: EVERY_MS,
  });

export const useLog = () =>
  useOlderList([KEY, "log"], (page, options) => server.operations.log.query(page, options).then(dataOf));

/** What was shown is asked for again, after a refusal too: somebody else may have been faster, or the sign-in is too old. */
export const refreshOperations = () => queries.invalidateQueries({ queryKey: [KEY] });

const useChange = <Input, Output>(mutationFn: (input: Input) => Promise<Output>) =>
  useMutation({ mutationFn, onSettled: refreshOperations });

export const usePause = () => useChange((reason: string) => server.operations.pause.mutate({ reason }));
export const useResume = () => useChange((_: undefined) => server.operations.resume.mutate({}));
export const useLift = () =>
  useChange((grant_id: string) => server.operations.lift_suspension.mutate({ grant_id }));
