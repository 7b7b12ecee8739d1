import type { Deps } from "../../context.ts";
import type { DescribedCall } from "../../ports/x402-buyer.ts";
import { isSuccess, NOT_DESCRIBED, readOffers } from "../../money/payment/index.ts";
import {
  refuseAnswer,
  refuseFailure,
  refusePayee,
  refuseTerms,
  refuseTreasury,
  refuseTruncated,
} from "./probe-refusal.ts";
import type { Callable } from "./upstream-request.ts";
import { buildUpstreamRequest } from "./upstream-request.ts";

/** The terms to which an upstream's payments are pinned. */
export interface PinnedTerms {
  /** Null: the upstream is free. */
  terms: { network: string; asset: string; payTo: string } | null;
  /** What the upstream asked for now. Null: it stated no price. */
  quoteMicros: bigint | null;
  /** How long the seller gives a payment. Null: it stated no terms. */
  timeoutSeconds: number | null;
  /** What the 402 says of the call itself. */
  described: DescribedCall;
}

const NO_TERMS = { timeoutSeconds: null, described: NOT_DESCRIBED };

/**
 * Calls an upstream once, without a payment, to learn its terms. A 402 states them. A success means that the
 * upstream is free, unless the sponsor named a payee. Any other answer is enough only if the sponsor named a
 * payee. A 402 with offers has to have one that can be paid, since every run would get the same.
 * @param payTo the payee that the sponsor named
 * @returns the terms, or `"blocked"` if the upstream's address isn't public
 * @throws `upstream_error` if there are no terms to pin, with the cause
 */
export async function probeUpstream(
  { upstream, networks, cipher }: Pick<Deps, "upstream" | "networks" | "cipher">,
  api: Callable,
  sampleInput: Record<string, unknown>,
  payTo?: string,
): Promise<PinnedTerms | "blocked"> {
  const isTreasury = (address: string): boolean =>
    networks.all.some(({ treasury }) => address.toLowerCase() === treasury.toLowerCase());
  if (payTo !== undefined && isTreasury(payTo)) throw refuseTreasury();
  const request = buildUpstreamRequest(api, sampleInput, cipher);
  const probe = await upstream.request(request);
  if (probe.kind === "blocked") return "blocked";
  if (probe.kind === "answer" && probe.status === 402) {
    const offers = readOffers(networks, probe);
    const offer = offers.payable.find(
      (candidate) => payTo === undefined || candidate.payTo.toLowerCase() === payTo.toLowerCase(),
    );
    if (offer !== undefined && isTreasury(offer.payTo)) throw refuseTreasury();
    if (offer !== undefined) {
      const { network, asset, amountMicros } = offer;
      return {
        terms: { network, asset, payTo: offer.payTo },
        quoteMicros: amountMicros,
        timeoutSeconds: offer.timeoutSeconds,
        described: offers.described,
      };
    }
    if (payTo !== undefined && offers.payable.length > 0)
      throw refusePayee(offers.payable, payTo, request.confidential);
    // With a known payee, a 402 without any offers may be the answer to the sample input only.
    if (probe.truncated && offers.refused.length === 0) throw refuseTruncated(probe);
    if (payTo === undefined || offers.refused.length + offers.unreadable.length > 0)
      throw refuseTerms(offers, request.confidential);
  }
  if (payTo !== undefined) {
    return {
      terms: { network: networks.default.id, asset: networks.default.asset, payTo },
      quoteMicros: null,
      ...NO_TERMS,
    };
  }
  if (probe.kind !== "answer") throw refuseFailure(probe);
  if (isSuccess(probe)) return { terms: null, quoteMicros: 0n, ...NO_TERMS };
  throw refuseAnswer(probe, request.confidential);
}
