import type { Deps } from "../../context.ts";
import type { Offers } from "../../money/payment/index.ts";
import { isSuccess, readOffers } from "../../money/payment/index.ts";
import type { UpstreamRequest } from "../../ports/upstream.ts";
import {
  refuseAnswer,
  refuseChangingPayee,
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
}

/** Payees that are known apart from the probe. With one of them, the probe's payee needs no second look. */
interface KnownPayees {
  /** The payee that the sponsor named. No other is accepted. */
  named?: string | undefined;
  /** The payee to which the API is pinned now. */
  pinned?: string | null;
}

/**
 * Calls an upstream without a payment, to learn its terms. A 402 states them. A success means that the
 * upstream is free, unless the sponsor named a payee. Any other answer is enough only if the sponsor named a
 * payee. A 402 with offers has to have one that can be paid, since every run would get the same. If nothing but
 * that 402 says who is paid, the upstream is called once more: a payee that is new in every 402 can't be pinned, so
 * no run could be paid.
 * @returns the terms, or `"blocked"` if the upstream's address isn't public
 * @throws `upstream_error` if there are no terms to pin, with the cause
 */
export async function probeUpstream(
  { upstream, networks, cipher }: Pick<Deps, "upstream" | "networks" | "cipher">,
  api: Callable,
  sampleInput: Record<string, unknown>,
  { named: payTo, pinned }: KnownPayees = {},
): Promise<PinnedTerms | "blocked"> {
  const isTreasury = (address: string): boolean =>
    networks.all.some(({ treasury }) => isSame(address, treasury));
  if (payTo !== undefined && isTreasury(payTo)) throw refuseTreasury();
  const request = buildUpstreamRequest(api, sampleInput, cipher);
  const probe = await upstream.request(request);
  if (probe.kind === "blocked") return "blocked";
  if (probe.kind === "answer" && probe.status === 402) {
    const offers = readOffers(networks, probe);
    const offer = offers.payable.find((candidate) => payTo === undefined || isSame(candidate.payTo, payTo));
    if (offer !== undefined && isTreasury(offer.payTo)) throw refuseTreasury();
    if (offer !== undefined) {
      const { network, asset, amountMicros } = offer;
      if (!isSame(offer.payTo, payTo) && !isSame(offer.payTo, pinned))
        await requireSteadyPayee({ upstream, networks }, request, offer);
      return { terms: { network, asset, payTo: offer.payTo }, quoteMicros: amountMicros };
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
    };
  }
  if (probe.kind !== "answer") throw refuseFailure(probe);
  if (isSuccess(probe)) return { terms: null, quoteMicros: 0n };
  throw refuseAnswer(probe, request.confidential);
}

type Offer = Offers["payable"][number];

const isSame = (address: string, other: string | null | undefined): boolean =>
  address.toLowerCase() === other?.toLowerCase();

/**
 * Asks for the terms once more. Only other payees in the second 402 prove that they change: a seller that limits
 * its callers, or is slow now, may still be registered.
 * @throws `upstream_error`
 */
async function requireSteadyPayee(
  { upstream, networks }: Pick<Deps, "upstream" | "networks">,
  request: UpstreamRequest,
  first: Offer,
): Promise<void> {
  const again = await upstream.request(request);
  if (again.kind !== "answer" || again.status !== 402) return;
  const { payable } = readOffers(networks, again);
  if (payable.length === 0 || payable.some(({ payTo }) => isSame(payTo, first.payTo))) return;
  throw refuseChangingPayee(payable, first.payTo, request.confidential);
}
