import type { Deps } from "../../context.ts";
import { callerKey } from "../../context.ts";
import type { SaleListing } from "../../ports/x402-seller.ts";
import { LEFT_OUT_SCHEMA } from "../../protocol/large-pages.ts";
import { turnsBySize } from "../../protocol/turns.ts";
import type { PaidApi } from "../../sponsorship/sponsored-api/index.ts";
import { listPaidApis, listPaidKeys } from "../../sponsorship/sponsored-api/index.ts";
import { saleTerms, saleUrl } from "./sale-terms.ts";

type Context = Pick<Deps, "sql" | "networks" | "settings" | "searches"> & { clientAddress: string };

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
  const { apis, total } = await ctx.searches.run(callerKey(ctx), () =>
    listPaidApis(ctx.sql, offset, limit, words),
  );
  const items: Resources["items"] = [];
  const takeTurn = turnsBySize();
  for (const api of apis) {
    await takeTurn((api.inputSchema?.length ?? 0) + (api.sampleInput?.length ?? 0));
    items.push(itemOf(ctx, api));
  }
  return { items, total };
}

function itemOf(
  { networks, settings }: Pick<Context, "networks" | "settings">,
  { inputSchema, sampleInput, ...api }: PaidApi,
): Resources["items"][number] {
  const sold = {
    ...api,
    inputSchema: inputSchema === null ? LEFT_OUT_SCHEMA : (JSON.parse(inputSchema) as unknown),
    sampleInput: sampleInput === null ? {} : (JSON.parse(sampleInput) as unknown),
  };
  const { seller } = networks.get(api.network ?? networks.default.id);
  return {
    ...seller.list(saleTerms(settings, sold, api.lastQuoteMicros ?? api.priceMicros)),
    lastUpdated: api.createdAt.toISOString(),
  };
}

/** The URLs of services that can be paid for directly, oldest first. They need none of the services' schemas. */
export async function listResourceUrls(
  { sql, settings }: Pick<Deps, "sql" | "settings">,
  limit: number,
): Promise<string[]> {
  const keys = await listPaidKeys(sql, limit);
  return keys.map((key) => saleUrl(settings, key));
}
