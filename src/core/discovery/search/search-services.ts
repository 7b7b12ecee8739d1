import type { z } from "zod";
import type { AgentActor, Deps, SessionActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { centsToMicros, microsToCents } from "../../protocol/amounts.ts";
import { LEFT_OUT_SCHEMA, MOST_CHARACTERS } from "../../protocol/large-pages.ts";
import type { RowOf } from "../../ports/statement.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { explain } from "./explain.ts";
import { asWalk, findCandidates } from "./find-candidates.ts";
import { findDirectServices, findNearMisses, toDirectView } from "./nothing-found.ts";
import type { OfferRow } from "./offer-store.ts";
import { listBestOffers, listCategories, listOffers, readOffers } from "./offer-store.ts";
import type { RankedOffer } from "./rank-offers.ts";
import { rankOffers, scoreCandidates } from "./rank-offers.ts";
import type { SearchInput, SearchOutput, ServiceView } from "./schema.ts";
import type { TermsFound } from "./score-text.ts";
import { MAX_PAGE } from "./schema.ts";
import { suggestNext } from "./suggest-next.ts";
import type { Query } from "./understand-query.ts";
import { understandQuery } from "./understand-query.ts";
import type { Filters, Viewer } from "./usable.ts";
import { NO_FILTERS, NOBODY, obstaclesOf, offerParams } from "./usable.ts";
import { MOST_CANDIDATES } from "./weights.ts";

type Input = z.infer<typeof SearchInput>;
type Reads = Pick<Deps, "sql" | "thesaurus" | "catalogue">;
type Queues = Pick<Deps, "searches" | "lists">;
type Context = Reads & Queues & { actor: SessionActor };
/** Without a session, an agent's API key finds only what is open to every user. */
type AnyContext = Reads & Queues & { actor: SessionActor | AgentActor };

/** Categories that an answer without results lists. */
const MAX_CATEGORIES = 100;

/**
 * Finds what this session could use: one result for each campaign and service, and one for each API with an
 * open budget. If no sponsor pays for a match, the answer lists services that can be paid for directly
 * (R3.4), and says what stands in the way of others.
 * @throws `rate_limited`, `service_unavailable` if too many searches wait already
 */
export function searchServices(
  ctx: AnyContext,
  input: Input,
): Promise<{ data: z.infer<typeof SearchOutput>; nextActions: NextAction[] }> {
  const hasText = input.q !== undefined || input.intent !== undefined;
  return (hasText ? ctx.searches : ctx.lists).run(callerKey(ctx), () => findServices(ctx, input));
}

async function findServices(
  ctx: AnyContext,
  input: Input,
): Promise<{ data: z.infer<typeof SearchOutput>; nextActions: NextAction[] }> {
  const viewer = viewerOf(ctx.actor);
  const { offset = 0, limit = MAX_PAGE, explain: explains = false, ...filters } = input;
  const search = { viewer, filters: toFilters(input) };
  const texts = [input.q, input.intent].filter((text) => text !== undefined);
  const categories = [
    ...(viewer.scopes?.categories ?? []),
    ...(input.category === undefined ? [] : [input.category]),
  ];

  const query = await understandQuery(ctx, texts, categories);
  const { scores, found, isCut, ranked } = await findUsable(ctx, query, search);
  const page = await readPage(ctx, ranked.slice(offset, offset + limit));

  const isEmpty = ranked.length === 0;
  const [direct, nearMisses, availableCategories] = isEmpty
    ? await Promise.all([
        findDirectServices(ctx, scores, search),
        findNearMisses(ctx, query, search),
        listAvailableCategories(ctx),
      ])
    : [[], [], []];
  return {
    data: {
      services: page.map((offer) => ({
        ...toView(offer),
        ...(explains && { why: explain(offer, found.get(offer.service_id) ?? new Map(), query) }),
      })),
      total_count: ranked.length,
      ...(isCut && { total_is_lower_bound: true as const }),
      ...(availableCategories.length > 0 && { available_categories: availableCategories }),
      ...(nearMisses.length > 0 && { near_misses: nearMisses }),
      ...((explains || query.corrected.length > 0) && { understood: describe(query) }),
      offset,
      limit,
      applied_filters: filters,
      ...(direct.length > 0 && { direct_payment: { services: direct.map(toDirectView) } }),
    },
    nextActions: suggestNext({ page, direct, input, total: ranked.length, seen: offset + page.length }),
  };
}

/** Lists services that can be run right now, without doing a task first. */
export async function listReadyServices(ctx: Context): Promise<ServiceView[]> {
  const viewer = viewerOf(ctx.actor);
  const search = { viewer, filters: { ...NO_FILTERS, readyOnly: true } };
  return ctx.lists.run(callerKey(ctx), async () => {
    const query = await understandQuery(ctx, [], []);
    const { ranked } = await findUsable(ctx, query, search);
    return (await readPage(ctx, ranked.slice(0, MAX_PAGE))).map(toView);
  });
}

/** Lists categories to try when a search found nothing, the most common first. */
export async function listAvailableCategories({
  sql,
  actor,
}: Pick<Deps, "sql"> & { actor: SessionActor | AgentActor }): Promise<string[]> {
  const rows = await listCategories.all(sql, {
    scope_categories: viewerOf(actor).scopes?.categories ?? null,
    most: MAX_CATEGORIES,
  });
  return rows.map(({ category }) => category);
}

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

async function findUsable(ctx: Reads, query: Query, search: Search): Promise<Found> {
  const params = offerParams(search.viewer, search.filters);
  const walk = asWalk(query, search);
  if (walk !== undefined) {
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
  const offers =
    scores.size === 0 ? [] : await listOffers.all(ctx.sql, { service_ids: [...scores.keys()], ...params });
  return {
    scores,
    found: new Map(candidates.map(({ serviceId, found }) => [serviceId, found])),
    isCut: candidates.length >= MOST_CANDIDATES,
    ranked: rankUsable(offers, scores, search),
  };
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
type Result = RankedOffer &
  Omit<RowOf<typeof readOffers>, "account_id" | "input_schema"> & { input_schema: Record<string, unknown> };

/** Reads what the page shows. An offer that has ended since it was found is left out. */
async function readPage({ sql }: Reads, ranked: readonly RankedOffer[]): Promise<Result[]> {
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

const describe = ({ texts, corrected }: Query): z.infer<typeof SearchOutput>["understood"] => ({
  parts: texts.flat().map(({ text }) => text),
  ...(corrected.length > 0 && { corrected }),
});

const viewerOf = (actor: SessionActor | AgentActor): Viewer =>
  actor.kind === "session" ? actor : { userId: NOBODY, scopes: null, remainingMicros: null };

const toFilters = (input: Input): Filters => ({
  category: input.category,
  preferredTaskTypes: input.preferred_task_types,
  maxTaskSeconds: input.max_task_duration_seconds,
  allowedDataTypes: input.allowed_data_types,
  maxBudgetMicros: input.max_budget_cents === undefined ? undefined : centsToMicros(input.max_budget_cents),
  readyOnly: false,
});

const toView = (offer: Result): ServiceView => ({
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
