import type { Deps } from "../../context.ts";
import type { SaleListing } from "../../ports/x402-seller.ts";
import { countPaidApis, listPaidApis } from "../../sponsorship/sponsored-api/index.ts";
import { saleTerms } from "./sale-terms.ts";

export interface Resources {
  x402Version: 2;
  items: (SaleListing & { lastUpdated: string; serviceName: string; tags: string[] })[];
  pagination: { limit: number; offset: number; total: number };
}

/**
 * One page of the services that can be paid for directly, in the format of x402's bazaar. The price is the
 * upstream's last quote, or the registered price if there was none.
 */
export async function listResources(
  { db, networks, settings }: Pick<Deps, "db" | "networks" | "settings">,
  { offset, limit }: { offset: number; limit: number },
): Promise<Resources> {
  const [apis, total] = await Promise.all([listPaidApis(db, offset, limit), countPaidApis(db)]);
  return {
    x402Version: 2,
    items: apis.map((api) => ({
      ...networks
        .get(api.network ?? networks.default.id)
        .seller.list(saleTerms(settings, api, api.lastQuoteMicros ?? api.priceMicros)),
      lastUpdated: api.createdAt.toISOString(),
      serviceName: api.name,
      tags: api.tags,
    })),
    pagination: { limit, offset, total },
  };
}
