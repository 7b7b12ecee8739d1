import type { Offers, RefusedOffer } from "../../money/payment/index.ts";
import type { Offer } from "../../ports/x402-buyer.ts";
import { OFFER_FIELDS } from "../../ports/x402-buyer.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { ErrorDetails } from "../../protocol/error-details.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import type { ApiRow } from "../../sponsorship/sponsored-api/index.ts";

type Term = NonNullable<NonNullable<ErrorDetails["price_changed"]>["term"]>;

/** A term that isn't as it was registered. A price is in cents. */
interface ChangedTerm {
  term: Term;
  old: string | undefined;
  new: string | undefined;
}

type PinnedTerms = Pick<ApiRow, "network" | "asset" | "payTo" | "priceMicros">;

/** The first pinned term that an offer doesn't have. Undefined: it has all of them. */
export function findChangedTerm(api: PinnedTerms, offer: Offer): ChangedTerm | undefined {
  return changedTerms(api, offer)[0];
}

function changedTerms(api: PinnedTerms, offer: Offer): ChangedTerm[] {
  // Nothing is pinned of an upstream that was free when it was registered.
  if (api.payTo === null) return [priceTerm(0n, offer.amountMicros)];
  const pinned: ChangedTerm[] = [
    { term: "network", old: api.network ?? undefined, new: offer.network },
    { term: "asset", old: api.asset ?? undefined, new: offer.asset },
    { term: "pay_to", old: api.payTo, new: offer.payTo },
  ];
  return pinned.filter((term) => term.old?.toLowerCase() !== term.new?.toLowerCase());
}

const inCents = (micros: bigint): string => String(microsToCents(micros));
const priceTerm = (old: bigint, quoted: bigint): ChangedTerm => ({
  term: "price",
  old: inCents(old),
  new: inCents(quoted),
});

/** The error for an offer on the pinned terms that costs more than the registered price. */
export const priceChanged = ({ priceMicros }: PinnedTerms, quotedMicros: bigint): AppError =>
  new AppError("price_changed", {
    message: `The upstream asks for ${inCents(quotedMicros)} cents. At most ${inCents(priceMicros)} cents are registered.`,
    nextActions: [next.searchServices()],
    details: {
      price_cents: microsToCents(priceMicros),
      quoted_cents: microsToCents(quotedMicros),
      ...priceTerm(priceMicros, quotedMicros),
    },
  });

/** The error for a 402 without an offer on the pinned terms. It names the term that differs in the nearest offer. */
export function refuseTerms(api: PinnedTerms, { payable, refused }: Offers): AppError {
  const [nearest] = payable
    .map((offer) => changedTerms(api, offer))
    .sort((one, other) => one.length - other.length);
  const changed = nearest?.[0] ?? changedByRefusal(api, refused);
  const advice =
    changed?.term === "pay_to"
      ? " Its sponsor can pin the new payee. An upstream that names a new payee for every request can't be sponsored."
      : " Its sponsor can pin new terms.";
  return new AppError("price_changed", {
    message: `The upstream asks for a payment on other terms than the registered ones: ${changed?.term ?? "all"} differs.${advice}`,
    nextActions: [next.searchServices()],
    details: { ...changed },
  });
}

/** Of offers that can't be signed, the one that is right in most fields says what changed. */
function changedByRefusal(api: PinnedTerms, refused: RefusedOffer[]): ChangedTerm | undefined {
  const rank = ({ field }: RefusedOffer): number => OFFER_FIELDS.indexOf(field);
  const [nearest] = [...refused].sort((one, other) => rank(other) - rank(one));
  if (nearest === undefined) return undefined;
  const { field, found, expected } = nearest;
  switch (field) {
    case "amount":
      return { term: "price", old: inCents(api.priceMicros), new: found };
    case "network":
      return { term: field, old: api.network ?? undefined, new: found };
    case "asset":
      return { term: field, old: api.asset ?? undefined, new: found };
    case "pay_to":
      return { term: field, old: api.payTo ?? undefined, new: found };
    default:
      return { term: field, old: expected, new: found };
  }
}
