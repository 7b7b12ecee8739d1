import type { z } from "zod";
import type { Prominence, QueryPart, Way } from "../../protocol/search-text/index.ts";
import { readTerm } from "../../protocol/search-text/index.ts";
import type { TermsFound } from "./score-text.ts";
import type { RankedOffer } from "./rank-offers.ts";
import type { Why } from "./schema.ts";
import type { Query } from "./understand-query.ts";

const PLACES: Record<Prominence, z.infer<typeof Why>["found"][number]["in"]> = {
  A: "name",
  B: "tags, categories or key",
  C: "description",
  D: "texts of campaigns",
};

/** Why a result has its score: what of the search it has, and where, and what each part of the score gave. */
export function explain({ parts }: RankedOffer, found: TermsFound, { texts }: Query): z.infer<typeof Why> {
  return {
    found: texts.flat().flatMap((part) => describePart(part, found)),
    text: round(parts.text),
    budget_fit: round(parts.budgetFit),
    preference: round(parts.preference),
    reliability: round(parts.reliability),
  };
}

function describePart(part: QueryPart, found: TermsFound): z.infer<typeof Why>["found"] {
  const met = part.ways
    .filter(({ terms }) => terms.some((term) => found.has(term)))
    .map((way) => ({ way, prominence: leastProminent(way, found) }))
    .sort((a, b) => (a.prominence < b.prominence ? -1 : 1));
  const [best] = met;
  if (best === undefined) return [];
  const isTopic = best.way.terms.some((term) => readTerm(term).kind === "topic");
  return [{ text: part.text, by: isTopic ? "topic" : "word", in: PLACES[best.prominence] }];
}

const leastProminent = ({ terms }: Way, found: TermsFound): Prominence =>
  terms
    .map((term) => found.get(term))
    .reduce<Prominence>((least, place) => (place !== undefined && place > least ? place : least), "A");

const round = (score: number): number => Math.round(score * 10_000) / 10_000;
