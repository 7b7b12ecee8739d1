import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { dataOf, queries, server } from "../../data/client.ts";

/** Begins the key of everything about agents that the person looks after. */
const BUILD = "build";

export const builtAgentsQuery = queryOptions({
  queryKey: [BUILD],
  queryFn: ({ signal }) => server.build.list.query(undefined, { signal }).then(dataOf),
});

export const builtAgentQuery = (agentId: string) =>
  queryOptions({
    queryKey: [BUILD, agentId],
    queryFn: ({ signal }) => server.build.get.query({ agent_id: agentId }, { signal }).then(dataOf),
  });

const usageQuery = (agentId: string) =>
  queryOptions({
    queryKey: [BUILD, agentId, "usage"],
    queryFn: ({ signal }) => server.build.usage.query({ agent_id: agentId }, { signal }).then(dataOf),
    staleTime: 60_000,
  });

export const useBuiltAgents = () => useQuery(builtAgentsQuery);
export const useBuiltAgent = (agentId: string) => useQuery(builtAgentQuery(agentId));
export const useUsage = (agentId: string) => useQuery(usageQuery(agentId));

const onSettled = () => queries.invalidateQueries({ queryKey: [BUILD] });
/** A new key isn't kept: it is with the page that shows it, and nowhere else. */
const FORGOTTEN = { gcTime: 0, onSettled };

export const useRegister = () =>
  useMutation({
    mutationFn: (name: string) => server.build.register.mutate({ name }).then(dataOf),
    ...FORGOTTEN,
  });

export const useNewKey = (agentId: string) =>
  useMutation({
    mutationFn: (how: "add" | "replace" | "replace_now") =>
      (how === "add"
        ? server.build.keys.add.mutate({ agent_id: agentId })
        : server.build.keys.rotate.mutate({
            agent_id: agentId,
            ...(how === "replace_now" && { overlap_seconds: 0 }),
          })
      ).then(dataOf),
    ...FORGOTTEN,
  });

export const useEndKey = (agentId: string) =>
  useMutation({
    mutationFn: (keyId: string) => server.build.keys.end.mutate({ agent_id: agentId, key_id: keyId }),
    onSettled,
  });

export const useOffer = (agentId: string) =>
  useMutation({
    mutationFn: (email: string) => server.build.offers.make.mutate({ agent_id: agentId, email }),
    onSettled,
  });

const useAgentCall = <Result>(call: (input: { agent_id: string }) => Promise<Result>) =>
  useMutation({ mutationFn: (agentId: string) => call({ agent_id: agentId }), onSettled });

export const useEndOffer = () => useAgentCall((input) => server.build.offers.end.mutate(input));
export const useAcceptOffer = () => useAgentCall((input) => server.build.offers.accept.mutate(input));
export const useRetire = () => useAgentCall((input) => server.build.retire.mutate(input));

export const useClient = (agentId: string) =>
  useQuery({
    queryKey: [BUILD, agentId, "client"],
    queryFn: ({ signal }) => server.build.client.get.query({ agent_id: agentId }, { signal }).then(dataOf),
  });

export const usePutClient = (agentId: string) =>
  useMutation({
    mutationFn: (redirectUris: string[]) =>
      server.build.client.put.mutate({ agent_id: agentId, redirect_uris: redirectUris }).then(dataOf),
    ...FORGOTTEN,
  });

export const useRemoveClient = () => useAgentCall((input) => server.build.client.remove.mutate(input));

export const useReturnUrl = (agentId: string) =>
  useMutation({
    mutationFn: (returnUrl: string | null) =>
      server.build.set_return_url.mutate({ agent_id: agentId, return_url: returnUrl }),
    onSettled,
  });
