import type { Deps } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { LEFT_OUT_SCHEMA, MOST_CHARACTERS } from "../../protocol/large-pages.ts";
import type { RowOf } from "../../ports/statement.ts";
import type { Candidate } from "./find-candidates.ts";
import { asWalk, findCandidates } from "./find-candidates.ts";
import type { OfferRow } from "./offer-store.ts";
import { listBestOffers, listOffers, readOffers } from "./offer-store.ts";
import type { RankedOffer } from "./rank-offers.ts";
import { idOf, rankOffers, scoreCandidates } from "./rank-offers.ts";
import type { ServiceView } from "./schema.ts";
import type { TermsFound } from "./score-text.ts";
import type { Query } from "./understand-query.ts";
import type { Filters, Viewer } from "./usable.ts";
import { isOnlyScope, obstaclesOf, offerParams } from "./usable.ts";
import { MOST_CANDIDATES } from "./weights.ts";

type Reads = Pick<Deps, "sql" | "thesaurus" | "catalogue">;

interface Search {
  viewer: Viewer;
  filters: Filters;
}

/** What a search found. */
export interface Found {
  /** How well each service fits the texts, by its id. */
  scores: ReadonlyMap<string, number>;
  /** The terms of the search that each service has. */
  found: ReadonlyMap<string, TermsFound>;
  /** Whether there may be more services than were looked at. */
  isCut: boolean;
  /** The offers that the viewer can use, best first. */
  ranked: readonly RankedOffer[];
  /** Offers that only the session's scopes keep from the viewer, of the services that were looked at. */
  outOfScope: readonly OfferRow[];
}

/** Finds the offers that the viewer can use. */
export async function findUsable(ctx: Reads, query: Query, search: Search): Promise<Found> {
  const walk = asWalk(query, search);
  if (walk !== undefined) {
    const params = offerParams(search.viewer, search.filters);
    // Services and offers by one statement: most of the time goes into asking the database at all.
    const offers = await listBestOffers.all(ctx.sql, { ...walk, ...params });
    const scores = new Map(offers.map(({ service_id }) => [service_id, 1]));
    const judged = judge(offers, scores, search);
    const isCut = (offers[0]?.candidates ?? 0) >= MOST_CANDIDATES;
    // Where no sponsor pays, services without an offer count too, and they are looked for below.
    if (judged.ranked.length > 0) return { scores, found: new Map(), isCut, ...judged };
  }
  const candidates = await findCandidates(ctx, query, search);
  const scores = scoreCandidates(candidates, query);
  return {
    scores,
    found: new Map(candidates.map(({ serviceId, found }) => [serviceId, found])),
    isCut: candidates.length >= MOST_CANDIDATES,
    ...(await judgeCandidates(ctx, scores, search)),
  };
}

type Judged = Pick<Found, "ranked" | "outOfScope">;

/** The offers of candidates that the viewer can use, best first. */
export const rankCandidates = async (
  ctx: Pick<Reads, "sql">,
  scores: ReadonlyMap<string, number>,
  search: Search,
): Promise<readonly RankedOffer[]> => (await judgeCandidates(ctx, scores, search)).ranked;

async function judgeCandidates(
  { sql }: Pick<Reads, "sql">,
  scores: ReadonlyMap<string, number>,
  search: Search,
): Promise<Judged> {
  if (scores.size === 0) return { ranked: [], outOfScope: [] };
  const params = offerParams(search.viewer, search.filters);
  return judge(await listOffers.all(sql, { service_ids: [...scores.keys()], ...params }), scores, search);
}

/** Tells the offers that the viewer can use from those that only scopes keep from them. */
function judge(
  offers: readonly OfferRow[],
  scores: ReadonlyMap<string, number>,
  { viewer, filters }: Search,
): Judged {
  const usable: OfferRow[] = [];
  const outOfScope: OfferRow[] = [];
  for (const offer of offers) {
    const obstacles = obstaclesOf(offer, viewer, filters);
    if (obstacles.length === 0) usable.push(offer);
    else if (isOnlyScope(obstacles)) outOfScope.push(offer);
  }
  return {
    ranked: rankOffers(usable, scores, filters.maxBudgetMicros ?? viewer.remainingMicros),
    outOfScope,
  };
}

/** A ranked offer as a result, with what the page shows of it. */
export interface Result extends RankedOffer {
  shown: RowOf<typeof readOffers>;
  inputSchema: Record<string, unknown>;
}

/** Reads what the page shows. An offer that has ended since it was found is left out. */
export async function readPage(
  { sql }: Pick<Reads, "sql">,
  ranked: readonly RankedOffer[],
): Promise<Result[]> {
  if (ranked.length === 0) return [];
  const rows = await readOffers.all(sql, {
    service_ids: ranked.map(({ offer }) => offer.service_id),
    account_ids: ranked.map(({ offer }) => offer.account_id),
    most_characters: MOST_CHARACTERS,
  });
  const byOffer = new Map(rows.map((row) => [`${row.service_id} ${row.account_id}`, row]));
  return ranked.flatMap(({ offer, relevance, parts }) => {
    const shown = byOffer.get(`${offer.service_id} ${offer.account_id}`);
    if (shown === undefined) return [];
    return [{ offer, relevance, parts, shown, inputSchema: shown.input_schema ?? LEFT_OUT_SCHEMA }];
  });
}

/** The terms of the search that the service of an offer has. */
export const termsFoundBy = (candidates: readonly Candidate[], { offer }: RankedOffer): Candidate["found"] =>
  candidates.find(({ serviceId }) => serviceId === offer.service_id)?.found ?? new Map();

/** A result as callers see it. */
export const toView = ({ offer, relevance, shown, inputSchema }: Result): ServiceView => ({
  service_type: offer.campaign_id === null ? "sponsored_api" : "campaign",
  service_id: idOf(offer),
  service_key: shown.service_key,
  name: shown.name,
  description: shown.description,
  sponsor: shown.sponsor,
  required_task: shown.required_task,
  task_type: offer.task_type,
  subsidy_amount_cents: microsToCents(shown.subsidy),
  price_cents: microsToCents(offer.price_micros),
  categories: shown.categories,
  tags: shown.tags,
  estimated_task_duration_seconds: offer.task_duration_seconds,
  relevance_score: relevance,
  already_completed: offer.completed,
  active: true,
  input_schema: inputSchema,
  ...(shown.output_schema !== null && { output_schema: shown.output_schema }),
});
