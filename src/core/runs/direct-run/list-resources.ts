import type { Deps } from "../../context.ts";
import { callerKey } from "../../context.ts";
import type { SaleListing } from "../../ports/x402-seller.ts";
import { boundPage, LEFT_OUT_SCHEMA } from "../../protocol/large-pages.ts";
import { listPaidApis, listPaidKeys } from "../../sponsorship/sponsored-api/index.ts";
import { saleTerms, saleUrl } from "./sale-terms.ts";

type Context = Pick<Deps, "db" | "networks" | "settings" | "searches"> & { clientAddress: string };

export interface ResourceQuery {
  /** What the resources are reached by. All of ours are `http`. */
  type?: string | undefined;
  /** Each word must be in a service's name, key, description, tags or categories. */
  text?: string | undefined;
  offset: number;
  limit: number;
}

export interface Resources {
  items: (SaleListing & { lastUpdated: string })[];
  total: number;
}

/**
 * One page of the services that can be paid for directly, in the format of x402's bazaar. The price is the
 * upstream's last quote, or the registered price if there was none.
 * @throws `rate_limited`, `service_unavailable` if too many searches wait already, or this one takes too long
 */
export async function listResources(
  ctx: Context,
  { type = "http", text, offset, limit }: ResourceQuery,
): Promise<Resources> {
  if (type.toLowerCase() !== "http") return { items: [], total: 0 };
  const words = text?.split(/\s+/).filter((word) => word !== "") ?? [];
  const { db, networks, settings } = ctx;
  const { apis, total } = await ctx.searches.run(callerKey(ctx), () =>
    listPaidApis(db, offset, limit, words),
  );
  const bounded = boundPage(
    apis,
    ({ inputSchema, sampleInput }) => [inputSchema, sampleInput],
    (api) => ({ ...api, inputSchema: LEFT_OUT_SCHEMA as typeof api.inputSchema, sampleInput: {} }),
  );
  const items = bounded.map((api) => ({
    ...networks
      .get(api.network ?? networks.default.id)
      .seller.list(saleTerms(settings, api, api.lastQuoteMicros ?? api.priceMicros)),
    lastUpdated: api.createdAt.toISOString(),
  }));
  return { items, total };
}

/** The URLs of services that can be paid for directly, oldest first. They need none of the services' schemas. */
export async function listResourceUrls(
  { db, settings }: Pick<Deps, "db" | "settings">,
  limit: number,
): Promise<string[]> {
  const keys = await listPaidKeys(db, limit);
  return keys.map((key) => saleUrl(settings, key));
}
