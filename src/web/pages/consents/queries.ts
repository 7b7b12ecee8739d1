import { useMutation } from "@tanstack/react-query";
import { dataOf, queries, server } from "../../data/client.ts";
import { useOlderList } from "../../data/older.ts";

const PAGE_SIZE = 25;
const KEY = ["shared"];

export const useShared = () =>
  useOlderList(KEY, (page, options) =>
    server.consents.list.query({ limit: PAGE_SIZE, ...page }, options).then(dataOf),
  );

export const useWithdraw = () =>
  useMutation({
    mutationFn: (consentId: string) => server.consents.withdraw.mutate({ consent_id: consentId }),
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  });
