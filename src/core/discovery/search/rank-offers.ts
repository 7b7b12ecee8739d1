import { compareTexts, inOrder } from "../../protocol/in-order.ts";
import type { Candidate } from "./find-candidates.ts";
import type { OfferRow } from "./offer-store.ts";
import { scoreText } from "./score-text.ts";
import type { Query } from "./understand-query.ts";
import { PREFERENCE, RELEVANCE, UNKNOWN_BUDGET_FIT } from "./weights.ts";

/** An offer with its relevance, and what that is made of. The offer isn't copied: a search ranks hundreds. */
export interface RankedOffer {
  offer: OfferRow;
  /** From 0 to 1. */
  relevance: number;
  parts: RelevanceParts;
}

/** Each from 0 to 1. */
export interface RelevanceParts {
  text: number;
  budgetFit: number;
  preference: number;
  reliability: number;
}

/** How well each candidate fits the texts of a search, by its id. Candidates that don't fit each of them are left out. */
export function scoreCandidates(
  candidates: readonly Candidate[],
  { texts, frequencies }: Query,
): Map<string, number> {
  const scores = new Map<string, number>();
  for (const { serviceId, found } of candidates) {
    const each = texts.map((parts) => scoreText(parts, found, frequencies));
    if (each.some((score) => score === 0)) continue;
    scores.set(serviceId, each.length === 0 ? 1 : each.reduce((sum, score) => sum + score, 0) / each.length);
  }
  return scores;
}

/**
 * Offers with their relevance, best first (R10.4): the weighted sum of text, budget fit and the user's preference, times how reliably
 * the upstream delivers what it was paid for.
 * @param budgetMicros what the caller can spend; null: not known
 */
export function rankOffers(
  offers: readonly OfferRow[],
  textScores: ReadonlyMap<string, number>,
  budgetMicros: bigint | null,
): RankedOffer[] {
  return offers
    .map((offer): RankedOffer => {
      const parts = {
        text: textScores.get(offer.service_id) ?? 0,
        budgetFit: budgetFit(offer.price_micros, budgetMicros),
        preference: offer.preference === "preferred" ? PREFERENCE.preferred : PREFERENCE.neutral,
        reliability: offer.reliability,
      };
      return { offer, relevance: relevanceOf(parts), parts };
    })
    .sort(
      inOrder(
        (a, b) => b.relevance - a.relevance,
        (a, b) => Number(b.offer.completed) - Number(a.offer.completed),
        (a, b) => a.offer.created_at - b.offer.created_at,
        (a, b) => compareTexts(idOf(a.offer), idOf(b.offer)),
        (a, b) => compareTexts(a.offer.service_id, b.offer.service_id),
      ),
    );
}

/** Of the campaign, or of the service whose own budget pays. */
export const idOf = ({ campaign_id, service_id }: Pick<OfferRow, "campaign_id" | "service_id">): string =>
  campaign_id ?? service_id;

function relevanceOf({ text, budgetFit: fit, preference, reliability }: RelevanceParts): number {
  const sum = RELEVANCE.text * text + RELEVANCE.budgetFit * fit + RELEVANCE.preference * preference;
  return Math.round(sum * reliability * 10_000) / 10_000;
}

/** From 0 (the price takes the whole budget, or more) to 1 (free). */
export function budgetFit(priceMicros: bigint, budgetMicros: bigint | null): number {
  if (priceMicros === 0n) return 1;
  if (budgetMicros === null) return UNKNOWN_BUDGET_FIT;
  if (budgetMicros <= 0n) return 0;
  return Math.max(0, 1 - Number(priceMicros) / Number(budgetMicros));
}
