import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import { compareTexts, inOrder } from "../../protocol/in-order.ts";
import { LEFT_OUT_SCHEMA, MOST_CHARACTERS } from "../../protocol/large-pages.ts";
import type { RowOf } from "../../ports/statement.ts";
import { listDirect, readServices } from "./offer-store.ts";
import type { SearchOutput } from "./schema.ts";
import type { Filters, Viewer } from "./usable.ts";

type Reads = Pick<Deps, "sql">;
interface Search {
  viewer: Viewer;
  filters: Filters;
}

/** How many services without a sponsor an answer lists. */
const MAX_DIRECT = 10;

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

/** Services in the given order. One that has ended meanwhile is left out. */
export async function readInOrder({ sql }: Reads, serviceIds: readonly string[]): Promise<DirectService[]> {
  if (serviceIds.length === 0) return [];
  const rows = await readServices.all(sql, { service_ids: serviceIds, most_characters: MOST_CHARACTERS });
  const byId = new Map(
    rows.map((row) => [row.service_id, { ...row, input_schema: row.input_schema ?? LEFT_OUT_SCHEMA }]),
  );
  return serviceIds.flatMap((id) => byId.get(id) ?? []);
}
