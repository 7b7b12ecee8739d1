import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { dataOf, queries, server } from "../../data/client.ts";
import { usePollMs } from "../../data/live.ts";

export const agentsQuery = queryOptions({
  queryKey: ["agents"],
  queryFn: ({ signal }) =>
    server.agents.list
      .query(undefined, { signal })
      .then(dataOf)
      .then(({ agents }) => agents),
});

const questionsQuery = queryOptions({
  queryKey: ["questions"],
  queryFn: ({ signal }) =>
    server.approvals.list
      .query(undefined, { signal })
      .then(dataOf)
      .then(({ questions }) => questions),
});

export const useAgents = () => useQuery({ ...agentsQuery, refetchInterval: usePollMs() });

/** What agents have asked this person and nobody has answered yet. */
export const useQuestions = () => useQuery({ ...questionsQuery, refetchInterval: usePollMs() }).data ?? [];

/** Whatever came of it, the list says what is true now. */
const onSettled = () => queries.invalidateQueries({ queryKey: agentsQuery.queryKey });

const useGrantCall = <Result>(call: (input: { grant_id: string }) => Promise<Result>) =>
  useMutation({ mutationFn: (grantId: string) => call({ grant_id: grantId }), onSettled });

export const useStop = () => useGrantCall((input) => server.agents.stop.mutate(input));
export const useResume = () => useGrantCall((input) => server.agents.resume.mutate(input));

export const useUndoStop = () =>
  useMutation({
    mutationFn: (grantIds: string[]) =>
      Promise.all(grantIds.map((grantId) => server.agents.undo_stop.mutate({ grant_id: grantId }))),
    onSettled,
  });

export const useStopAll = () =>
  useMutation({
    mutationFn: () =>
      server.agents.stop_all
        .mutate()
        .then(dataOf)
        .then(({ grant_ids }) => grant_ids),
    onSettled,
  });
