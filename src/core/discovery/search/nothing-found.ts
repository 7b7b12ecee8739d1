import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { compareTexts, inOrder } from "../../protocol/in-order.ts";
import { LEFT_OUT_SCHEMA, MOST_CHARACTERS } from "../../protocol/large-pages.ts";
import type { RowOf } from "../../ports/statement.ts";
import { findCandidates } from "./find-candidates.ts";
import { listDirect, listOffers, readServices } from "./offer-store.ts";
import { rankOffers, scoreCandidates } from "./rank-offers.ts";
import type { SearchOutput } from "./schema.ts";
import type { Query } from "./understand-query.ts";
import type { Filters, Viewer } from "./usable.ts";
import { NO_FILTERS, obstaclesOf, offerParams } from "./usable.ts";

type Reads = Pick<Deps, "sql">;
interface Search {
  viewer: Viewer;
  filters: Filters;
}

/** How many services without a sponsor an answer lists. */
const MAX_DIRECT = 10;
/** How many services it lists that the caller can't use as things are. */
const MAX_NEAR_MISSES = 3;

export type DirectService = Omit<RowOf<typeof readServices>, "input_schema"> & {
  input_schema: Record<string, unknown>;
};

/**
 * Services that the caller can pay for directly, with or without a sponsor, best match first (R3.4).
 * @param scores how well candidates fit the texts of the search, by their ids
 */
export async function findDirectServices(
  ctx: Reads,
  scores: ReadonlyMap<string, number>,
  { viewer, filters }: Search,
): Promise<DirectService[]> {
  const scopes = viewer.scopes?.categories;
  const found = (await listDirect.all(ctx.sql, { service_ids: [...scores.keys()] }))
    .filter(
      ({ categories, price_micros }) =>
        (scopes === undefined || categories.every((category) => scopes.includes(category))) &&
        (filters.category === undefined || categories.includes(filters.category)) &&
        (filters.maxBudgetMicros === undefined || price_micros <= filters.maxBudgetMicros),
    )
    .sort(
      inOrder(
        (a, b) => (scores.get(b.service_id) ?? 0) - (scores.get(a.service_id) ?? 0),
        (a, b) => Number(a.price_micros - b.price_micros),
        (a, b) => compareTexts(a.service_key, b.service_key),
      ),
    )
    .slice(0, MAX_DIRECT);
  return readInOrder(
    ctx,
    found.map(({ service_id }) => service_id),
  );
}

/** A service without a sponsor. The caller can pay for it directly. */
export const toDirectView = ({
  service_id: _serviceId,
  price_micros,
  output_schema,
  ...api
}: DirectService): NonNullable<z.infer<typeof SearchOutput>["direct_payment"]>["services"][number] => ({
  ...api,
  ...(output_schema !== null && { output_schema }),
  price_cents: microsToCents(price_micros),
});

/** Services that fit the texts of a search and have a sponsor, and what stands between them and the caller. */
export async function findNearMisses(
  ctx: Reads,
  query: Query,
  { viewer, filters }: Search,
): Promise<NonNullable<z.infer<typeof SearchOutput>["near_misses"]>> {
  if (query.texts.length === 0 && filters.category === undefined) return [];
  // A text is looked for in all categories.
  const category = query.texts.length === 0 ? filters.category : undefined;
  const anywhere = { viewer: { ...viewer, scopes: null }, filters: { ...NO_FILTERS, category } };
  const scores = scoreCandidates(await findCandidates(ctx, query, anywhere), query);
  if (scores.size === 0) return [];
  const offers = await listOffers.all(ctx.sql, {
    service_ids: [...scores.keys()],
    ...offerParams(viewer, filters),
  });
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

async function readInOrder({ sql }: Reads, serviceIds: readonly string[]): Promise<DirectService[]> {
  if (serviceIds.length === 0) return [];
  const rows = await readServices.all(sql, { service_ids: serviceIds, most_characters: MOST_CHARACTERS });
  const byId = new Map(
    rows.map((row) => [row.service_id, { ...row, input_schema: row.input_schema ?? LEFT_OUT_SCHEMA }]),
  );
  return serviceIds.flatMap((id) => byId.get(id) ?? []);
}
