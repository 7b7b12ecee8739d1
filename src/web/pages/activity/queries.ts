import { dataOf, server } from "../../data/client.ts";
import { useOlderList } from "../../data/older.ts";

const PAGE_SIZE = 50;

/** The calls of one agent, or of all. */
export const useActivity = (grantId: string | undefined) =>
  useOlderList(["activity", grantId], (page, options) =>
    server.activity.list
      .query({ limit: PAGE_SIZE, ...(grantId !== undefined && { grant_id: grantId }), ...page }, options)
      .then(dataOf),
  );
