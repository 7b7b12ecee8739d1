// `npm run bench:search-scale`: how searches get slower as the catalogue grows. Each kind of search is timed over a small and a
// large catalogue, one caller at a time. Filling the large one takes some ten minutes on two cores.
import { expect, test } from "vitest";
import { BUILT_IN_THESAURUS } from "../src/app/config-fields.ts";
import { indexServices } from "../src/core/sponsorship/offer/index.ts";
import type { TestDatabase } from "../test/support/database.ts";
import { createDatabase, queryRows } from "../test/support/database.ts";
import { insertLargeCatalogue } from "./large-catalogue.ts";
import { quantile } from "./figures.ts";
import { timeSearches } from "./time-searches.ts";

const SMALL = 1_000;
const LARGE = 1_000_000;

/** What a search may take at most. */
const MOST = { growth: 5, p50Ms: 50, p99Ms: 250 };

async function showSizes({ url }: TestDatabase): Promise<void> {
  const sizes = await queryRows(
    url,
    `SELECT relname AS name, pg_size_pretty(pg_relation_size(oid)) AS size FROM pg_class
      WHERE relkind IN ('r', 'i') AND relname ~ '^(search_|offers)' AND pg_relation_size(oid) > 65536 ORDER BY pg_relation_size(oid) DESC`,
  );
  console.table(sizes);
}

/** What it costs to make search know one service anew, in a transaction of its own. */
async function timeWrites({ url, sql }: TestDatabase): Promise<number[]> {
  const ids = (await queryRows(url, "SELECT id FROM sponsored_apis TABLESAMPLE SYSTEM (1) LIMIT 200")) as {
    id: string;
  }[];
  const times: number[] = [];
  for (const { id } of ids) {
    const started = performance.now();
    await sql.transaction((tx) => indexServices(tx, [id], BUILT_IN_THESAURUS));
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b);
}

test("a search takes about as long in a large catalogue as in a small one", async () => {
  const small = await createDatabase();
  await insertLargeCatalogue(small, SMALL);
  const large = await createDatabase();
  const started = performance.now();
  await insertLargeCatalogue(large, LARGE);
  console.log(`${LARGE} services, ready after ${((performance.now() - started) / 1000).toFixed(0)} s`);
  const before = await timeSearches(small);
  const after = await timeSearches(large);
  console.table(
    Object.fromEntries(
      Object.entries(after).map(([kind, { p50, p99, found }]) => [
        kind,
        {
          [`p50 at ${SMALL}, ms`]: (before[kind]?.p50 ?? 0).toFixed(1),
          [`p50 at ${LARGE}, ms`]: p50.toFixed(1),
          "times as long": (p50 / (before[kind]?.p50 ?? 1)).toFixed(1),
          [`p99 at ${LARGE}, ms`]: p99.toFixed(1),
          results: found.toFixed(0),
        },
      ]),
    ),
  );
  await showSizes(large);
  const writes = await timeWrites(large);
  console.log(
    `making search know a service: p50 ${quantile(writes, 0.5).toFixed(1)} ms, p99 ${quantile(writes, 0.99).toFixed(1)} ms`,
  );
  for (const [kind, { p50, p99 }] of Object.entries(after)) {
    expect.soft(p50 / (before[kind]?.p50 ?? 1), kind).toBeLessThanOrEqual(MOST.growth);
    expect.soft(p50, kind).toBeLessThanOrEqual(MOST.p50Ms);
    expect.soft(p99, kind).toBeLessThanOrEqual(MOST.p99Ms);
  }
  await small.close();
  await large.close();
}, 3_600_000);
