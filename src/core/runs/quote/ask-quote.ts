import type { Deps } from "../../context.ts";
import type { Offers } from "../../money/payment/index.ts";
import { isSuccess, readOffers, readRefusal, UPSTREAM_RETRY_SECONDS } from "../../money/payment/index.ts";
import type { UpstreamAnswer, UpstreamRequest } from "../../ports/upstream.ts";
import type { Offer } from "../../ports/x402-buyer.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import type { ApiRow } from "../../sponsorship/sponsored-api/index.ts";
import { recordQuote } from "../../sponsorship/sponsored-api/index.ts";
import { findChangedTerm, priceChanged, refuseTerms } from "./changed-terms.ts";

export type Quote = { kind: "free"; answer: UpstreamAnswer } | { kind: "toll"; offer: Offer };

/**
 * Sends the request to the upstream without a payment, to learn what the call costs. Accepts only terms that
 * match the registered ones: same network, asset and payee, and at most the registered price.
 * @param maxCostMicros the caller's own limit, if any
 * @returns the cheapest offer on these terms (`toll`), or the answer if the upstream asked for no payment
 *   (`free`)
 * @throws `price_changed`, `cost_above_max`, `upstream_timeout`, `upstream_error`. Nothing is reserved yet
 */
export async function askQuote(
  ctx: Pick<Deps, "sql" | "upstream" | "networks">,
  api: ApiRow,
  request: UpstreamRequest,
  maxCostMicros: bigint | undefined,
): Promise<Quote> {
  const { upstream, networks } = ctx;
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
  if (isSuccess(answer)) return { kind: "free", answer };
  if (answer.status !== 402) {
    const refusal = readRefusal(answer, request.confidential);
    throw new AppError("upstream_error", {
      message: `The upstream answered ${answer.status}. It wasn't paid.`,
      details: { upstream: refusal.upstream },
      retryAfterSeconds: refusal.retryAfterSeconds ?? UPSTREAM_RETRY_SECONDS,
    });
  }

  const offers = readOffers(networks, answer);
  if (offers.payable.length + offers.refused.length === 0) {
    const reason = offers.unreadable.length === 0 ? "states no terms" : "states terms that can't be read";
    throw new AppError("upstream_error", {
      message: `The upstream asks for a payment, but its 402 ${reason}.`,
      details: { upstream: readRefusal(answer, request.confidential).upstream },
      retryAfterSeconds: UPSTREAM_RETRY_SECONDS,
    });
  }
  const offer = chooseOffer(api, offers);
  if (offer.amountMicros > api.priceMicros) throw priceChanged(api, offer.amountMicros);
  await recordQuote(ctx, api, offer.amountMicros);
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

/**
 * Returns the offer on the pinned terms that is best: in the usual form, affordable, and cheap, in this order.
 * @throws `price_changed` if no offer has the pinned terms
 */
function chooseOffer(api: ApiRow, offers: Offers): Offer {
  const onTerms = offers.payable.filter((offer) => findChangedTerm(api, offer) === undefined);
  const best = onTerms.find(({ amountMicros }) => amountMicros <= api.priceMicros) ?? onTerms[0];
  if (best !== undefined) return best;
  throw refuseTerms(api, offers);
}
