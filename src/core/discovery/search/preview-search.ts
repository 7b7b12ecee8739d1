import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { compareTexts, inOrder } from "../../protocol/in-order.ts";
import { notFound } from "../../protocol/errors.ts";
import { readTerm } from "../../protocol/search-text/index.ts";
import { explain } from "./explain.ts";
import type { Candidate } from "./find-candidates.ts";
import { findCandidates } from "./find-candidates.ts";
import { readTerms } from "./preview-store.ts";
import { listOffers, readServices } from "./offer-store.ts";
import { scoreCandidates } from "./rank-offers.ts";
import { rankCandidates, readPage, termsFoundBy, toView } from "./results.ts";
import type { PreviewSearchInput, PreviewSearchOutput } from "./schema.ts";
import type { Query } from "./understand-query.ts";
import { understandQuery } from "./understand-query.ts";
import { NO_FILTERS, NOBODY, obstaclesOf, offerParams } from "./usable.ts";

type Context = Pick<Deps, "sql" | "thesaurus" | "catalogue" | "searches"> & { actor: SponsorActor };
type Output = z.infer<typeof PreviewSearchOutput>;

/** How many services that a search finds first are shown. */
const SHOWN = 5;
/** Sees what is offered to everybody, in all categories. */
const ANYBODY = { userId: NOBODY, scopes: null, remainingMicros: null };
const EVERYBODYS = { viewer: ANYBODY, filters: NO_FILTERS };

/**
 * Shows a sponsor what its service is found by, and where it stands among others for a search, by the text alone: for the text
 * that is given, else for its names. Beside it stands what the search itself answers to an agent whose user has no roles.
 * @throws `not_found`, also for another sponsor's API
 */
export async function previewSearch(
  ctx: Context,
  input: z.infer<typeof PreviewSearchInput>,
): Promise<Output> {
  const service = await readTerms.first(ctx.sql, {
    service_key: input.service_key,
    sponsor_id: ctx.actor.sponsorId,
  });
  if (service === undefined) throw notFound("service");
  const texts = input.text === undefined ? [service.name, ...service.other_names] : [input.text];
  const searches = await ctx.searches.run(callerKey(ctx), () =>
    Promise.all(texts.map((text) => placeIn(ctx, text, service.service_id))),
  );
  const terms = service.terms.map(readTerm);
  const textsOf = (wanted: "word" | "topic"): string[] =>
    terms.filter(({ kind }) => kind === wanted).map(({ text }) => text);
  return {
    service_key: input.service_key,
    found_by: { words: textsOf("word"), topics: textsOf("topic") },
    searches,
  };
}

async function placeIn(ctx: Context, text: string, serviceId: string): Promise<Output["searches"][number]> {
  const query = await understandQuery(ctx, [text], []);
  const candidates = await findCandidates(ctx, query, EVERYBODYS);
  const scores = scoreCandidates(candidates, query);
  const ranked = [...scores].sort(
    inOrder(
      ([, scoreOfA], [, scoreOfB]) => scoreOfB - scoreOfA,
      ([a], [b]) => compareTexts(a, b),
    ),
  );
  const place = ranked.findIndex(([id]) => id === serviceId);
  const first = ranked.slice(0, SHOWN);
  const services = await readServices.all(ctx.sql, {
    service_ids: first.map(([id]) => id),
    most_characters: 0,
  });
  return {
    text,
    place: place === -1 ? null : place + 1,
    first: first.flatMap(([id, score]) => {
      const service = services.find(({ service_id }) => service_id === id);
      return service === undefined
        ? []
        : [
            {
              service_key: service.service_key,
              name: service.name,
              text: Math.round(score * 10_000) / 10_000,
            },
          ];
    }),
    agents_find: await whatAgentsFind(ctx, { query, candidates, scores }, serviceId),
  };
}

interface Sought {
  query: Query;
  candidates: Candidate[];
  scores: ReadonlyMap<string, number>;
}

/** What the search itself answers to an agent of anybody, and what keeps the service from its results. */
async function whatAgentsFind(
  ctx: Context,
  { query, candidates, scores }: Sought,
  serviceId: string,
): Promise<Output["searches"][number]["agents_find"]> {
  const found = await rankCandidates(ctx, scores, EVERYBODYS);
  const own = found.findIndex(({ offer }) => offer.service_id === serviceId);
  const page = await readPage(ctx, [
    ...found.slice(0, SHOWN),
    ...(own >= SHOWN ? found.slice(own, own + 1) : []),
  ]);
  return {
    place: own === -1 ? null : own + 1,
    total: found.length,
    services: page.map((result) => ({
      ...toView(result),
      is_own: result.offer.service_id === serviceId,
      why: explain(result, termsFoundBy(candidates, result), query),
    })),
    because: own === -1 ? await obstaclesOfService(ctx, serviceId, scores.has(serviceId)) : [],
  };
}

async function obstaclesOfService(
  { sql }: Context,
  serviceId: string,
  fitsText: boolean,
): Promise<Output["searches"][number]["agents_find"]["because"]> {
  const offers = await listOffers.all(sql, {
    service_ids: [serviceId],
    ...offerParams(ANYBODY, NO_FILTERS),
  });
  const obstacles = offers.map((offer) => obstaclesOf(offer, ANYBODY, NO_FILTERS));
  const isOffered = obstacles.some((standing) => standing.length === 0);
  const fewest = obstacles.toSorted((a, b) => a.length - b.length)[0];
  return [
    ...(fitsText ? [] : (["not_among_the_best_matches"] as const)),
    ...(isOffered ? [] : (fewest ?? (["nobody_pays"] as const))),
  ];
}
