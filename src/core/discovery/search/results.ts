import type { Deps } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { LEFT_OUT_SCHEMA, MOST_CHARACTERS } from "../../protocol/large-pages.ts";
import type { RowOf } from "../../ports/statement.ts";
import type { Candidate } from "./find-candidates.ts";
import { asWalk, findCandidates } from "./find-candidates.ts";
import type { OfferRow } from "./offer-store.ts";
import { listBestOffers, listOffers, readOffers } from "./offer-store.ts";
import type { RankedOffer } from "./rank-offers.ts";
import { rankOffers, scoreCandidates } from "./rank-offers.ts";
import type { ServiceView } from "./schema.ts";
import type { TermsFound } from "./score-text.ts";
import type { Query } from "./understand-query.ts";
import type { Filters, Viewer } from "./usable.ts";
import { obstaclesOf, offerParams } from "./usable.ts";
import { MOST_CANDIDATES } from "./weights.ts";

type Reads = Pick<Deps, "sql" | "thesaurus" | "catalogue">;

interface Search {
  viewer: Viewer;
  filters: Filters;
}

/** What a search found. */
interface Found {
  /** How well each service fits the texts, by its id. */
  scores: ReadonlyMap<string, number>;
  /** The terms of the search that each service has. */
  found: ReadonlyMap<string, TermsFound>;
  /** Whether there may be more services than were looked at. */
  isCut: boolean;
  /** The offers that the viewer can use, best first. */
  ranked: readonly RankedOffer[];
}

/** Finds the offers that the viewer can use. */
export async function findUsable(ctx: Reads, query: Query, search: Search): Promise<Found> {
  const walk = asWalk(query, search);
  if (walk !== undefined) {
    const params = offerParams(search.viewer, search.filters);
    // Services and offers by one statement: most of the time goes into asking the database at all.
    const offers = await listBestOffers.all(ctx.sql, { ...walk, ...params });
    const scores = new Map(offers.map(({ service_id }) => [service_id, 1]));
    const ranked = rankUsable(offers, scores, search);
    const isCut = (offers[0]?.candidates ?? 0) >= MOST_CANDIDATES;
    // Where no sponsor pays, services without an offer count too, and they are looked for below.
    if (ranked.length > 0) return { scores, found: new Map(), isCut, ranked };
  }
  const candidates = await findCandidates(ctx, query, search);
  const scores = scoreCandidates(candidates, query);
  return {
    scores,
    found: new Map(candidates.map(({ serviceId, found }) => [serviceId, found])),
    isCut: candidates.length >= MOST_CANDIDATES,
    ranked: await rankCandidates(ctx, scores, search),
  };
}

/** The offers of candidates that the viewer can use, best first. */
export async function rankCandidates(
  { sql }: Pick<Reads, "sql">,
  scores: ReadonlyMap<string, number>,
  search: Search,
): Promise<RankedOffer[]> {
  if (scores.size === 0) return [];
  const params = offerParams(search.viewer, search.filters);
  return rankUsable(
    await listOffers.all(sql, { service_ids: [...scores.keys()], ...params }),
    scores,
    search,
  );
}

/** The offers that the viewer can use, best first. */
const rankUsable = (
  offers: readonly OfferRow[],
  scores: ReadonlyMap<string, number>,
  { viewer, filters }: Search,
): RankedOffer[] =>
  rankOffers(
    offers.filter((offer) => obstaclesOf(offer, viewer, filters).length === 0),
    scores,
    filters.maxBudgetMicros ?? viewer.remainingMicros,
  );

/** An offer as a result: what it is, besides how it ranks. */
export type Result = RankedOffer &
  Omit<RowOf<typeof readOffers>, "account_id" | "input_schema"> & { input_schema: Record<string, unknown> };

/** Reads what the page shows. An offer that has ended since it was found is left out. */
export async function readPage(
  { sql }: Pick<Reads, "sql">,
  ranked: readonly RankedOffer[],
): Promise<Result[]> {
  if (ranked.length === 0) return [];
  const rows = await readOffers.all(sql, {
    service_ids: ranked.map(({ service_id }) => service_id),
    account_ids: ranked.map(({ account_id }) => account_id),
    most_characters: MOST_CHARACTERS,
  });
  const byOffer = new Map(rows.map((row) => [`${row.service_id} ${row.account_id}`, row]));
  return ranked.flatMap((offer) => {
    const row = byOffer.get(`${offer.service_id} ${offer.account_id}`);
    return row === undefined ? [] : [{ ...offer, ...row, input_schema: row.input_schema ?? LEFT_OUT_SCHEMA }];
  });
}

/** The terms of the search that the service of an offer has. */
export const termsFoundBy = (
  candidates: readonly Candidate[],
  { service_id }: RankedOffer,
): Candidate["found"] => candidates.find(({ serviceId }) => serviceId === service_id)?.found ?? new Map();

/** A result as callers see it. */
export const toView = (offer: Result): ServiceView => ({
  service_type: offer.campaign_id === null ? "sponsored_api" : "campaign",
  service_id: offer.campaign_id ?? offer.service_id,
  service_key: offer.service_key,
  name: offer.name,
  description: offer.description,
  sponsor: offer.sponsor,
  required_task: offer.required_task,
  task_type: offer.task_type,
  subsidy_amount_cents: microsToCents(offer.subsidy),
  price_cents: microsToCents(offer.price_micros),
  categories: offer.categories,
  tags: offer.tags,
  estimated_task_duration_seconds: offer.task_duration_seconds,
  relevance_score: offer.relevance,
  already_completed: offer.completed,
  active: true,
  input_schema: offer.input_schema,
  ...(offer.output_schema !== null && { output_schema: offer.output_schema }),
});
