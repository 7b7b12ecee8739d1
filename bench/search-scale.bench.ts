// `npm run bench:search-scale`: how searches get slower as the catalogue grows. Each kind of search is timed over a small and a
// large catalogue, one caller at a time. Filling the large one takes about half an hour on two cores.
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { BUILT_IN_THESAURUS } from "../src/app/config-fields.ts";
import type { SessionActor } from "../src/core/context.ts";
import { searchServices } from "../src/core/discovery/search/index.ts";
import { FairQueue } from "../src/core/protocol/fair-queue.ts";
import { indexServices } from "../src/core/sponsorship/offer/index.ts";
import type { TestDatabase } from "../test/support/database.ts";
import { createDatabase, queryRows } from "../test/support/database.ts";
import { CATEGORIES, insertLargeCatalogue, JAPANESE, NOUNS, PLACES } from "./large-catalogue.ts";

const SMALL = 1_000;
const LARGE = 1_000_000;
const ROUNDS = 200;
const WARM_UP = 20;

/** What a search may take at most. */
const MOST = { growth: 5, p50Ms: 50, p99Ms: 250 };

let state = 7;
const random = (): number => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) / 0x80000000;
const any = (words: readonly string[]): string => words[Math.floor(random() * words.length)] ?? "";
const misspell = (word: string): string => {
  const at = 1 + (word.length >> 1);
  return word.slice(0, at) + word.slice(at + 1);
};

const KINDS: Record<string, () => Record<string, string>> = {
  "no text": () => ({}),
  "one word": () => ({ q: any(NOUNS) }),
  "two words": () => ({ q: `${any(NOUNS)} ${any(NOUNS)}` }),
  "a sentence": () => ({
    intent: `I need ${any(NOUNS)} data and the ${any(NOUNS)} of last week for ${any(PLACES)}, with the ${any(NOUNS)} if possible`,
  }),
  "a category": () => ({ category: any(CATEGORIES) }),
  "a category and a word": () => ({ category: any(CATEGORIES), q: any(NOUNS) }),
  misspelt: () => ({ q: misspell(any(NOUNS.filter((word) => word.length > 6))) }),
  Japanese: () => ({ intent: `東京の${any(JAPANESE)}を調べたい` }),
  "nothing known": () => ({ q: `zqxwv ${any(["gromblex", "vextorix", "quibbinz"])}` }),
};

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

async function timeSearches({
  db,
  sql,
}: TestDatabase): Promise<Record<string, { p50: number; p99: number; found: number }>> {
  const user = await db.user.create({
    data: { email: `${randomUUID()}@example.com`, roles: ["developer"], toolsUsed: [], region: "EU" },
  });
  const scopes = { taskTypes: ["survey"], dataTypes: ["email" as const], categories: [...CATEGORIES] };
  const actor: SessionActor = {
    ...{
      kind: "session",
      surface: "agent",
      subject: "me",
      scopes,
      grantScopes: scopes,
      remainingMicros: 20_000_000n,
    },
    ...{ sessionId: randomUUID(), grantId: randomUUID(), agentId: randomUUID(), userId: user.id },
    ...{
      expiresAt: new Date(Date.now() + 3_600_000),
      budgetAccountId: randomUUID(),
      grantBudgetAccountId: randomUUID(),
    },
  };
  const searches = new FairQueue("searches", {
    atOnce: 2,
    atOnceOfCaller: 2,
    waitingOfCaller: 10,
    waitingOfKind: 10,
  });
  const ctx = { sql, searches, thesaurus: BUILT_IN_THESAURUS, actor };
  const timed: Record<string, { p50: number; p99: number; found: number }> = {};
  for (const [kind, make] of Object.entries(KINDS)) {
    const times: number[] = [];
    let found = 0;
    for (let round = -WARM_UP; round < ROUNDS; round += 1) {
      const input = make();
      const started = performance.now();
      const { data } = await searchServices(ctx, { ...input, limit: 20 });
      if (round >= 0) times.push(performance.now() - started);
      found += data.total_count;
    }
    times.sort((a, b) => a - b);
    timed[kind] = {
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      found: found / (ROUNDS + WARM_UP),
    };
  }
  return timed;
}

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
