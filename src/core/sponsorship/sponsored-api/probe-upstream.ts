import type { Deps } from "../../context.ts";
import { isSuccess, readOffers } from "../../money/payment/index.ts";
import { AppError } from "../../protocol/errors.ts";
import type { Callable } from "./upstream-request.ts";
import { buildUpstreamRequest } from "./upstream-request.ts";

/** The terms to which an upstream's payments are pinned. */
export interface PinnedTerms {
  /** Null: the upstream is free. */
  terms: { network: string; asset: string; payTo: string } | null;
  /** What the upstream asked for now. Null: it stated no price. */
  quoteMicros: bigint | null;
}

/**
 * Calls an upstream once, without a payment, to learn its terms. A 402 states them. A success means that the
 * upstream is free, unless the sponsor named a payee. Any other answer is enough only if the sponsor named a
 * payee.
 * @param payTo the payee that the sponsor named
 * @returns the terms, or `"blocked"` if the upstream's address isn't public
 * @throws `upstream_error` if there are no terms to pin
 */
export async function probeUpstream(
  { upstream, networks, cipher }: Pick<Deps, "upstream" | "networks" | "cipher">,
  api: Callable,
  sampleInput: Record<string, unknown>,
  payTo?: string,
): Promise<PinnedTerms | "blocked"> {
  const isTreasury = (address: string): boolean =>
    networks.all.some(({ treasury }) => address.toLowerCase() === treasury.toLowerCase());
  if (payTo !== undefined && isTreasury(payTo)) throw paysItself();
  const probe = await upstream.request(buildUpstreamRequest(api, sampleInput, cipher));
  if (probe.kind === "blocked") return "blocked";
  if (probe.kind === "answer" && probe.status === 402) {
    const { offers } = readOffers(networks, probe);
    const offer = offers.find(
      (candidate) => payTo === undefined || candidate.payTo.toLowerCase() === payTo.toLowerCase(),
    );
    if (offer !== undefined && isTreasury(offer.payTo)) throw paysItself();
    if (offer !== undefined) {
      const { network, asset, amountMicros } = offer;
      return { terms: { network, asset, payTo: offer.payTo }, quoteMicros: amountMicros };
    }
    if (offers.length > 0) {
      throw new AppError("upstream_error", {
        message: "The upstream's 402 names another payee than pay_to.",
      });
    }
  }
  if (payTo !== undefined) {
    return {
      terms: { network: networks.default.id, asset: networks.default.asset, payTo },
      quoteMicros: null,
    };
  }
  if (probe.kind === "answer" && isSuccess(probe)) return { terms: null, quoteMicros: 0n };
  throw new AppError("upstream_error", {
    message:
      "The upstream answered the probe neither with a success nor with payment terms that can be used.",
    details: { probe: probe.kind === "answer" ? { status: probe.status } : { failure: probe.kind } },
  });
}

const paysItself = (): AppError =>
  new AppError("upstream_error", {
    message: "The payee is the treasury's own address. Name the upstream's address.",
  });
