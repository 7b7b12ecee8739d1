import { dataOf, server } from "../../data/client.ts";
import { useOlderList } from "../../data/older.ts";

const PAGE_SIZE = 25;

/** The payments of one agent, or of all. */
export const usePayments = (grantId?: string) =>
  useOlderList(["payments", grantId], (page, options) =>
    server.payments.list
      .query({ limit: PAGE_SIZE, ...(grantId !== undefined && { grant_id: grantId }), ...page }, options)
      .then(dataOf),
  );
