import type { Networks } from "../../ports/network.ts";
import type { UpstreamAnswer } from "../../ports/upstream.ts";
import type { Offer, RefusedOffer } from "../../ports/x402-buyer.ts";

/** The offers of an upstream's 402. */
export interface Offers {
  /** Those that the treasury can sign, on any configured network: the usual forms first, each cheapest first. */
  payable: Offer[];
  /** The others, with the reason. */
  refused: RefusedOffer[];
  /** What is wrong with terms that can't be read. */
  unreadable: string[];
}

/**
 * Reads the offers of an upstream's 402. Each offer is judged alone. An offer is refused if no network's buyer can sign
 * it. Its reason is then the one of the buyer whose network it names, if there is one.
 */
export function readOffers({ all }: Networks, answer: UpstreamAnswer): Offers {
  const read = all.map(({ buyer }) => buyer.readTerms(answer));
  const [first] = read;
  const payable: Offer[] = [];
  const refused: RefusedOffer[] = [];
  for (const position of (first?.offers ?? []).keys()) {
    const judgements = read.flatMap(({ offers }) => offers[position]?.judged ?? []);
    const offer = judgements.find((judged) => !isRefused(judged));
    const refusals = judgements.filter(isRefused);
    const refusal = refusals.find(({ field }) => field !== "network") ?? refusals[0];
    if (offer !== undefined) payable.push(offer as Offer);
    else if (refusal !== undefined) refused.push(nameNetworks(refusal, refusals));
  }
  payable.sort(compareOffers);
  return { payable, refused, unreadable: first?.unreadable ?? [] };
}

const isRefused = (judged: Offer | RefusedOffer): judged is RefusedOffer => "field" in judged;

/** An offer on an unknown network could be on any of the configured ones. */
const nameNetworks = (refusal: RefusedOffer, refusals: RefusedOffer[]): RefusedOffer =>
  refusal.field === "network"
    ? { ...refusal, expected: refusals.map(({ expected }) => expected).join(" or ") }
    : refusal;

function compareOffers(a: Offer, b: Offer): number {
  if (a.isStandard !== b.isStandard) return a.isStandard ? -1 : 1;
  if (a.amountMicros === b.amountMicros) return 0;
  return a.amountMicros < b.amountMicros ? -1 : 1;
}
