import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { dataOf, queries, server } from "../../data/client.ts";
import type { DataType } from "../../data/shapes.ts";

const ownDataQuery = queryOptions({
  queryKey: ["own-data"],
  queryFn: ({ signal }) =>
    server.data.list
      .query(undefined, { signal })
      .then(dataOf)
      .then(({ types }) => types),
});

export const useOwnData = () => useQuery(ownDataQuery);

/** Stores a value, or removes it. @param value null: removes it */
export const usePutData = (dataType: DataType) =>
  useMutation({
    mutationFn: (value: string | Record<string, string> | null) =>
      server.data.put.mutate({ data_type: dataType, value }),
    onSettled: () => queries.invalidateQueries({ queryKey: ownDataQuery.queryKey }),
  });
