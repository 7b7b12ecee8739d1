import type { Deps } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import type { Callable } from "./upstream-request.ts";
import { buildUpstreamRequest } from "./upstream-request.ts";

/** What an upstream's payments are held to. */
export interface PinnedTerms {
  /** Null: it asks for nothing. */
  terms: { network: string; asset: string; payTo: string } | null;
  /** Micros it asked for now; null where it wasn't heard. */
  quote: bigint | null;
}

/**
 * Asks an upstream once, unpaid, for its terms. A success means that it is free; any other answer than a 402 is
 * only good enough where the sponsor said whom to pay.
 * @returns `"blocked"` where its address isn't one we may call
 * @throws `upstream_error` where there are no terms to pin
 */
export async function probeUpstream(
  { upstream, paymentClient, cipher }: Pick<Deps, "upstream" | "paymentClient" | "cipher">,
  api: Callable,
  sampleInput: Record<string, unknown>,
  payTo?: string,
): Promise<PinnedTerms | "blocked"> {
  const isTreasury = (address: string): boolean =>
    address.toLowerCase() === paymentClient.payer.toLowerCase();
  if (payTo !== undefined && isTreasury(payTo)) throw paysItself();
  const probe = await upstream.request(buildUpstreamRequest(api, sampleInput, cipher));
  if (probe.kind === "blocked") return "blocked";
  if (probe.kind === "answer" && probe.status === 402) {
    const { offers } = paymentClient.readOffers(probe);
    const offer = offers.find(
      (candidate) => payTo === undefined || candidate.payTo.toLowerCase() === payTo.toLowerCase(),
    );
    if (offer !== undefined && isTreasury(offer.payTo)) throw paysItself();
    if (offer !== undefined) {
      const { network, asset, amountMicros } = offer;
      return { terms: { network, asset, payTo: offer.payTo }, quote: amountMicros };
    }
    if (offers.length > 0) {
      throw new AppError("upstream_error", {
        message: "The upstream asks to be paid at another address than pay_to.",
      });
    }
  }
  if (payTo !== undefined) {
    return { terms: { network: paymentClient.network, asset: paymentClient.asset, payTo }, quote: null };
  }
  if (probe.kind === "answer" && probe.status >= 200 && probe.status < 300) return { terms: null, quote: 0n };
  throw new AppError("upstream_error", {
    message: "The upstream answered the probe with neither a success nor payment terms we can use.",
    details: { probe: probe.kind === "answer" ? { status: probe.status } : { failure: probe.kind } },
  });
}

const paysItself = (): AppError =>
  new AppError("upstream_error", { message: "The upstream asks to be paid at the treasury's own address." });
