import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { dataOf, queries, server } from "../../data/client.ts";
import type { OwnPreferences } from "../../data/shapes.ts";

const preferencesQuery = queryOptions({
  queryKey: ["preferences"],
  queryFn: ({ signal }) => server.preferences.get.query(undefined, { signal }).then(dataOf),
});

export const usePreferences = () => useQuery(preferencesQuery);

const onSuccess = (now: OwnPreferences): void => {
  queries.setQueryData(preferencesQuery.queryKey, now);
};

export const useSetLevel = () =>
  useMutation({
    mutationFn: (preference: OwnPreferences["tasks"][number]) =>
      server.preferences.set.mutate({ preferences: [preference] }).then(dataOf),
    onSuccess,
  });

export const useSetRegion = () =>
  useMutation({
    mutationFn: (region: string) => server.preferences.set_region.mutate({ region }).then(dataOf),
    onSuccess,
  });
