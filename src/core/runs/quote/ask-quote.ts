import type { Deps } from "../../context.ts";
import { UPSTREAM_RETRY_SECONDS } from "../../money/payment/index.ts";
import type { UpstreamAnswer, UpstreamRequest } from "../../ports/upstream.ts";
import type { Offer } from "../../ports/x402-buyer.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import type { ApiRow } from "../../sponsorship/sponsored-api/index.ts";
import { recordQuote } from "../../sponsorship/sponsored-api/index.ts";

export type Quote = { kind: "free"; answer: UpstreamAnswer } | { kind: "toll"; offer: Offer };

/**
 * Asks the upstream, unpaid, what the call costs. Only terms that agree with what is registered are taken: same
 * network, asset and payee, at most the registered price.
 * @throws `price_changed`, `cost_above_max`, `upstream_timeout`, `upstream_error`; nothing is reserved yet.
 */
export async function askQuote(
  { db, upstream, paymentClient }: Pick<Deps, "db" | "upstream" | "paymentClient">,
  api: ApiRow,
  request: UpstreamRequest,
  maxCostMicros: bigint | undefined,
): Promise<Quote> {
  const answer = await upstream.request(request);
  if (answer.kind === "timeout")
    throw new AppError("upstream_timeout", { retryAfterSeconds: UPSTREAM_RETRY_SECONDS });
  if (answer.kind !== "answer") {
    throw new AppError("upstream_error", {
      message: "The upstream can't be reached.",
      retryAfterSeconds: UPSTREAM_RETRY_SECONDS,
      cause: answer,
    });
  }
  if (answer.status >= 200 && answer.status < 300) return { kind: "free", answer };
  if (answer.status !== 402) {
    throw new AppError("upstream_error", {
      message: `The upstream answered ${answer.status} before it was paid.`,
      details: { upstream_status: answer.status },
      retryAfterSeconds: UPSTREAM_RETRY_SECONDS,
    });
  }

  const { offers, others } = paymentClient.readOffers(answer);
  const offer = choose(api, offers, others);
  if (offer.amountMicros > api.priceMicros) {
    throw new AppError("price_changed", {
      nextActions: [next.searchServices()],
      details: {
        price_cents: microsToCents(api.priceMicros),
        quoted_cents: microsToCents(offer.amountMicros),
      },
    });
  }
  await recordQuote(db, api.id, offer.amountMicros);
  if (maxCostMicros !== undefined && offer.amountMicros > maxCostMicros) {
    throw new AppError("cost_above_max", {
      nextActions: [next.searchServices()],
      details: {
        max_cost_cents: microsToCents(maxCostMicros),
        quoted_cents: microsToCents(offer.amountMicros),
      },
    });
  }
  return { kind: "toll", offer };
}

/** The cheapest offer on the pinned terms. */
function choose(api: ApiRow, offers: Offer[], others: number): Offer {
  if (offers.length + others === 0) {
    throw new AppError("upstream_error", {
      message: "The upstream asks for a payment without saying on which terms.",
      details: { upstream_status: 402 },
      retryAfterSeconds: UPSTREAM_RETRY_SECONDS,
    });
  }
  const same = (a: string, b: string | null): boolean => a.toLowerCase() === b?.toLowerCase();
  const [cheapest] = offers
    .filter(
      (offer) =>
        offer.network === api.network && same(offer.asset, api.asset) && same(offer.payTo, api.payTo),
    )
    .sort((a, b) => (a.amountMicros < b.amountMicros ? -1 : 1));
  if (cheapest === undefined) {
    throw new AppError("price_changed", {
      message: "The upstream asks for other terms than what is registered.",
      nextActions: [next.searchServices()],
    });
  }
  return cheapest;
}
