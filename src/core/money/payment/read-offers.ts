import type { Networks } from "../../ports/network.ts";
import type { UpstreamAnswer } from "../../ports/upstream.ts";
import type { DescribedCall, Offer, OfferPlace, OfferRefusal } from "../../ports/x402-buyer.ts";

export type RefusedOffer = OfferPlace & OfferRefusal;

/** The offers of an upstream's 402. */
export interface Offers {
  /** Those that the treasury can sign, on any configured network: the usual forms first, each cheapest first. */
  payable: (OfferPlace & Offer)[];
  /** The others, with the reason. */
  refused: RefusedOffer[];
  /** What is wrong with terms that can't be read. */
  unreadable: string[];
  /** What the 402 says of the call itself. */
  described: DescribedCall;
}

/** What is known of a call that nothing describes. */
export const NOT_DESCRIBED: DescribedCall = {
  ...{ method: undefined, description: undefined, inputSchema: undefined, example: undefined },
};

/**
 * Reads the offers of an upstream's 402. Each offer is judged alone. An offer is refused if no network's buyer can sign
 * it. Its reason is then the one of the buyer whose network it names, if there is one.
 */
export function readOffers({ all }: Networks, answer: UpstreamAnswer): Offers {
  const read = all.map(({ buyer }) => buyer.readTerms(answer));
  const [first] = read;
  const payable: Offers["payable"] = [];
  const refused: RefusedOffer[] = [];
  for (const [position, { index, source }] of (first?.offers ?? []).entries()) {
    const judgements = read.flatMap(({ offers }) => offers[position]?.judged ?? []);
    const offer = judgements.find(isPayable);
    const refusal = chooseRefusal(judgements.filter((judged): judged is OfferRefusal => !isPayable(judged)));
    if (offer !== undefined) payable.push({ index, source, ...offer });
    else if (refusal !== undefined) refused.push({ index, source, ...refusal });
  }
  payable.sort(compareOffers);
  return {
    payable,
    refused,
    unreadable: first?.unreadable ?? [],
    described: first?.described ?? NOT_DESCRIBED,
  };
}

const isPayable = (judged: Offer | OfferRefusal): judged is Offer => "raw" in judged;

/** The reason of the buyer whose network the offer names. If it names none of them, the offer could be on any. */
function chooseRefusal(refusals: OfferRefusal[]): OfferRefusal | undefined {
  const [first] = refusals;
  const onNetwork = refusals.find(({ field }) => field !== "network");
  if (onNetwork !== undefined || first === undefined) return onNetwork;
  return { ...first, expected: refusals.map(({ expected }) => expected).join(" or ") };
}

function compareOffers(a: Offer, b: Offer): number {
  if (a.isStandard !== b.isStandard) return a.isStandard ? -1 : 1;
  if (a.amountMicros === b.amountMicros) return 0;
  return a.amountMicros < b.amountMicros ? -1 : 1;
}
