import type { Networks } from "../../ports/network.ts";
import type { UpstreamAnswer } from "../../ports/upstream.ts";
import type { Offer } from "../../ports/x402-buyer.ts";

/**
 * Reads the offers of an upstream's 402. `offers` holds those that the treasury can sign, on any configured
 * network. `others` is the number of all other offers.
 */
export function readOffers({ all }: Networks, answer: UpstreamAnswer): { offers: Offer[]; others: number } {
  const read = all.map(({ buyer }) => buyer.readOffers(answer));
  const offers = read.flatMap((each) => each.offers);
  const [first] = read;
  const total = first === undefined ? 0 : first.offers.length + first.others;
  return { offers, others: total - offers.length };
}
