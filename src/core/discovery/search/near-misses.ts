import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { findCandidates, looksOnlyInScope } from "./find-candidates.ts";
import { readInOrder } from "./nothing-found.ts";
import type { OfferRow } from "./offer-store.ts";
import { listOffers } from "./offer-store.ts";
import { rankOffers, scoreCandidates } from "./rank-offers.ts";
import type { Found } from "./results.ts";
import type { SearchOutput } from "./schema.ts";
import type { Query } from "./understand-query.ts";
import type { Filters, Viewer } from "./usable.ts";
import { isOnlyScope, NO_FILTERS, obstaclesOf, offerParams } from "./usable.ts";

type Reads = Pick<Deps, "sql">;
type NearMisses = NonNullable<z.infer<typeof SearchOutput>["near_misses"]>;
interface Search {
  viewer: Viewer;
  filters: Filters;
}

/** How many services an answer lists that the caller can't use as things are. */
const MAX_NEAR_MISSES = 3;
/** Beside results, services are mentioned that fit the texts at least as well as the result at this place. */
const PLACE_TO_REACH = 3;
/** With fewer results than this, services outside the session's categories are looked for, if the search looked at none. */
const FEW_RESULTS = 5;

/**
 * Services that fit a search and have a sponsor, and what stands between them and the caller. If nothing was found, whatever it is.
 * Beside results only what other scopes would give, since a session keeps its scopes while the catalogue gets new categories.
 */
export async function findNearMisses(
  ctx: Reads,
  query: Query,
  search: Search,
  found: Pick<Found, "scores" | "ranked" | "outOfScope">,
): Promise<NearMisses> {
  if (query.texts.length === 0 && search.filters.category === undefined) return [];
  const { ranked } = found;
  if (ranked.length === 0) {
    const { scores, offers } = await lookAnywhere(ctx, query, search);
    return describe(ctx, offers, scores, search);
  }
  if (search.viewer.scopes === null) return [];
  const { scores, outOfScope } = await findOutOfScope(ctx, query, search, found);
  if (outOfScope.length === 0) return [];
  const lowest = Math.min(...ranked.slice(0, PLACE_TO_REACH).map(({ parts }) => parts.text));
  const bar = ranked.length < PLACE_TO_REACH ? 0 : lowest;
  const results = new Set(ranked.map(({ offer }) => offer.service_id));
  const missed = outOfScope.filter(({ service_id: id }) => !results.has(id) && (scores.get(id) ?? 0) >= bar);
  return describe(ctx, missed, scores, search);
}

/**
 * The offers that only scopes keep from the viewer. Mostly the search has read them already. In a large catalogue, it looks only in
 * the session's categories. Looking again costs as much as the search itself, so it is done only where there are few results.
 */
async function findOutOfScope(
  ctx: Reads,
  query: Query,
  search: Search,
  { scores, ranked, outOfScope }: Pick<Found, "scores" | "ranked" | "outOfScope">,
): Promise<Pick<Found, "scores" | "outOfScope">> {
  if (!looksOnlyInScope(query, search) || ranked.length >= FEW_RESULTS) return { scores, outOfScope };
  const anywhere = await lookAnywhere(ctx, query, search);
  return {
    scores: anywhere.scores,
    outOfScope: anywhere.offers.filter((offer) =>
      isOnlyScope(obstaclesOf(offer, search.viewer, search.filters)),
    ),
  };
}

/** Looks for services that fit, whatever scopes and filters say. */
async function lookAnywhere(
  ctx: Reads,
  query: Query,
  { viewer, filters }: Search,
): Promise<{ scores: ReadonlyMap<string, number>; offers: readonly OfferRow[] }> {
  // A text is looked for in all categories.
  const category = query.texts.length === 0 ? filters.category : undefined;
  const anywhere = { viewer: { ...viewer, scopes: null }, filters: { ...NO_FILTERS, category } };
  const scores = scoreCandidates(await findCandidates(ctx, query, anywhere), query);
  if (scores.size === 0) return { scores, offers: [] };
  const wanted = { service_ids: [...scores.keys()], ...offerParams(viewer, filters) };
  return { scores, offers: await listOffers.all(ctx.sql, wanted) };
}

/** The best of the services, each with what stands in the way of its most usable offer. */
async function describe(
  ctx: Reads,
  offers: readonly OfferRow[],
  scores: ReadonlyMap<string, number>,
  { viewer, filters }: Search,
): Promise<NearMisses> {
  const best = rankOffers(offers, scores, viewer.remainingMicros);
  const ids = [...new Set(best.map(({ offer }) => offer.service_id))].slice(0, MAX_NEAR_MISSES);
  const services = await readInOrder(ctx, ids);
  return services.map(({ service_id, service_key, name, categories }) => {
    const obstacles = best
      .filter(({ offer }) => offer.service_id === service_id)
      .map(({ offer }) => obstaclesOf(offer, viewer, filters))
      .sort((a, b) => a.length - b.length);
    return { service_key, name, categories, because: obstacles[0] ?? [] };
  });
}
