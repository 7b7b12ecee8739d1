import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { compareTexts, inOrder } from "../../protocol/in-order.ts";
import { notFound } from "../../protocol/errors.ts";
import { readTerm } from "../../protocol/search-text/index.ts";
import { findCandidates } from "./find-candidates.ts";
import { readTerms } from "./preview-store.ts";
import { readServices } from "./offer-store.ts";
import { scoreCandidates } from "./rank-offers.ts";
import type { PreviewSearchInput, PreviewSearchOutput } from "./schema.ts";
import { understandQuery } from "./understand-query.ts";
import { NO_FILTERS, NOBODY } from "./usable.ts";

type Context = Pick<Deps, "sql" | "thesaurus" | "catalogue" | "searches"> & { actor: SponsorActor };
type Output = z.infer<typeof PreviewSearchOutput>;

/** How many services that a search finds first are shown. */
const SHOWN = 5;
/** Sees what is offered to everybody, in all categories. */
const ANYBODY = { userId: NOBODY, scopes: null, remainingMicros: null };

/**
 * Shows a sponsor what its service is found by, and where it stands among others for a search, by the text alone: for the text
 * that is given, else for its names.
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
  const candidates = await findCandidates(ctx, query, { viewer: ANYBODY, filters: NO_FILTERS });
  const ranked = [...scoreCandidates(candidates, query)].sort(
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
  };
}
