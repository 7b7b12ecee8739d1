import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { paymentRequired } from "../../money/incoming-payment/index.ts";
import { requireUnpaused } from "../../money/outflow-limits/index.ts";
import type { Network } from "../../ports/network.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import type { ApiRow } from "../../sponsorship/sponsored-api/index.ts";
import { findApi, inactiveService } from "../../sponsorship/sponsored-api/index.ts";
import { saleTerms } from "./sale-terms.ts";
import type { RunDirectlyInput } from "./schema.ts";

type Context = Pick<Deps, "db" | "sql" | "networks" | "settings">;

/**
 * Tells what a service costs at most, for crawlers and clients that ask without an input. The upstream isn't asked:
 * it needs an input for that.
 * @throws always: `payment_required`, with the terms; `not_found`, `no_sponsor`, `inactive`, `payments_paused`
 */
export async function askPrice(
  ctx: Context,
  { service_key }: Pick<z.infer<typeof RunDirectlyInput>, "service_key">,
): Promise<never> {
  const { api, network } = await findSold(ctx, service_key);
  throw await priceDemand(ctx, api, network);
}

/** The demand for the registered price, which is the most that a run costs. */
export async function priceDemand(ctx: Context, api: ApiRow, { seller }: Network): Promise<AppError> {
  await requireOnSale(ctx, api);
  const terms = saleTerms(ctx.settings, api, api.priceMicros);
  return paymentRequired(
    seller,
    terms,
    "Payment is required. This is the most that a run costs. Send POST with `input` for the exact price.",
  );
}

/**
 * Finds a service that is sold, and the network where it is paid.
 * @throws `not_found`, `no_sponsor` for a service that costs nothing
 */
export async function findSold(ctx: Context, serviceKey: string): Promise<{ api: ApiRow; network: Network }> {
  const api = await findApi(ctx, serviceKey);
  if (api === undefined) throw notFound("service");
  if (api.payTo === null || api.network === null) throw notForSale();
  return { api, network: ctx.networks.get(api.network) };
}

/** @throws `inactive`, `payments_paused` */
export async function requireOnSale({ db }: Context, api: ApiRow): Promise<void> {
  if (!api.active) throw inactiveService(api);
  await requireUnpaused(db);
}

/**
 * A free service isn't sold: its sponsor offers it to users only, and may pay for it with a key of its own in
 * a header.
 */
export const notForSale = (): AppError =>
  new AppError("no_sponsor", {
    message: "This service is free and can't be bought. Agents run it for their users: open a session first.",
    nextActions: [next.auth()],
  });
