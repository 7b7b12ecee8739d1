import type { Queries } from "../../ports/database.ts";

/** A service as a draft's offer shows it. */
export type OfferedService = Awaited<ReturnType<typeof findOfferedServices>>[number];

/** Finds what agents would see of services, of any sponsor, by their keys: those that aren't archived. */
export const findOfferedServices = (db: Queries, keys: string[]) =>
  db.sponsoredApi.findMany({
    where: { serviceKey: { in: keys }, archivedAt: null },
    select: {
      ...{ serviceKey: true, name: true, description: true, categories: true, tags: true, network: true },
      ...{ asset: true, priceMicros: true, lastQuoteMicros: true, expectedCostMicros: true, active: true },
      ...{ inputSchema: true, outputSchema: true, sponsorId: true, sponsor: { select: { name: true } } },
    },
    orderBy: { serviceKey: "asc" },
  });
