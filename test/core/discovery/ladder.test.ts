import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { anyOf, ladder, MOST_RUNGS } from "../../../src/core/discovery/search/ladder.ts";
import type { QueryPart } from "../../../src/core/protocol/search-text/index.ts";
import { LABELS, quoteTerm, WORST_TIER } from "../../../src/core/protocol/search-text/index.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase, queryRows } from "../../support/database.ts";

/** The queries of a search find each service that has what is looked for, and each one once. PostgreSQL itself says what they find. */

const TERMS = ["a", "b", "c", "d", "e", "f"];
let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.close());

const part = (text: string, share: number): QueryPart => ({
  ...{ text, share },
  ways: [
    { terms: [text], needs: "all", counts: 1 },
    { terms: [`#${text}`], needs: "any", counts: 0.5, ...(text >= "d" && { isBroader: true as const }) },
  ],
});
/** Every set of terms, labels and prominent terms that a service could have, or some of them. */
const service = fc
  .record({
    terms: fc.subarray([...TERMS, ...TERMS.map((term) => `#${term}`)]),
    tier: fc.integer({ min: 0, max: WORST_TIER }),
  })
  .chain(({ terms, tier }) =>
    fc.subarray(terms).map((prominent) => ({
      ...{ tier },
      terms: [...terms, ...prominent.map((term) => `^${term}`), ...LABELS.slice(0, WORST_TIER - tier)],
    })),
  );
const frequency = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 100, max: 1_000_000 }));

test("the queries overlap nowhere, and together they find what any of them looks for", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(service, { minLength: 1, maxLength: 30 }),
      fc.uniqueArray(fc.constantFrom(...TERMS), { maxLength: 6 }),
      fc.array(frequency, { minLength: TERMS.length * 2, maxLength: TERMS.length * 2 }),
      fc.array(frequency, { minLength: LABELS.length, maxLength: LABELS.length }),
      fc.boolean(),
      async (services, wanted, counts, labelCounts, hasMust) => {
        const known = [...TERMS, ...TERMS.map((term) => `#${term}`)];
        const of = (term: string): number =>
          counts[known.indexOf(term)] ?? labelCounts[(LABELS as readonly string[]).indexOf(term)] ?? 0;
        const frequencies = { services: 1_000_000, of };
        const parts = wanted.map((text, index) => part(text, index === 5 ? 0.15 : 1));
        const must = hasMust ? [quoteTerm("e")] : [];
        const queries = ladder(parts, { must, mustFrequency: hasMust ? of("e") : 1_000_000 }, frequencies);
        expect(queries.length).toBeLessThanOrEqual(MOST_RUNGS);

        const main = parts.filter(
          ({ share, ways }) => share > 0.5 && ways.some(({ terms }) => of(terms[0] ?? "") > 0),
        );
        const sought = main.length > 0 ? main : parts;
        const any = parts.length === 0 ? undefined : anyOf(sought, frequencies);
        const all = [...(any === undefined ? [] : [`(${any})`]), ...must].join(" & ");
        const vectors = services.map(({ terms }) => terms.map(quoteTerm).join(" "));
        const rows = (await queryRows(
          database.url,
          `SELECT coalesce($2 = '' OR v::tsvector @@ nullif($2, '')::tsquery, false) AS sought,
                  (SELECT count(*)::int FROM unnest($4::text[], $5::int[]) AS rung (query, most)
                    WHERE tier <= most AND v::tsvector @@ query::tsquery) AS found
             FROM unnest($1::text[], $3::int[]) AS service (v, tier)`,
          [
            vectors,
            parts.length > 0 && any === undefined ? "'=none'" : all,
            services.map(({ tier }) => tier),
            queries.map(({ query }) => query),
            queries.map(({ tier }) => tier),
          ],
        )) as { sought: boolean; found: number }[];
        for (const row of rows) expect(row.found).toBe(row.sought ? 1 : 0);
      },
    ),
    { numRuns: 200 },
  );
});

const word = (text: string): QueryPart => ({
  ...{ text, share: 1 },
  ways: [{ terms: [text], needs: "all", counts: 1 }],
});
/** A catalogue of a million services, of which so many have each word. */
function frequenciesWith(words: Record<string, number>) {
  const labels = { "=open": 900_000, "=best64": 15_000, "=best16": 60_000, "=best4": 250_000 };
  const counts: Record<string, number> = { ...labels, ...words };
  return { services: 1_000_000, of: (term: string) => counts[term] ?? 0 };
}

test("the most wanted come first: all words, then without the commonest, then one word, prominent before in passing", () => {
  const frequencies = frequenciesWith({ a: 100_000, b: 1_000 });
  const queries = ladder([word("a"), word("b")], { must: [], mustFrequency: 1_000_000 }, frequencies);
  expect(queries.every(({ tier }) => tier === WORST_TIER)).toBe(true);
  expect(queries.map(({ query }) => query)).toEqual([
    "(('b')) & (('a'))",
    "(('^b')) & !(('a'))",
    "(('b')) & !(('a')) & !(('^b')) & '=open'",
    "(('b')) & !(('a')) & !(('^b')) & !'=open'",
    "(('^a')) & !(('b')) & '=best64'",
    "(('^a')) & !(('b')) & '=open' & !'=best64'",
    "(('^a')) & !(('b')) & !'=open'",
    "(('a')) & !(('b')) & !(('^a')) & '=best64'",
    "(('a')) & !(('b')) & !(('^a')) & '=open' & !'=best64'",
    "(('a')) & !(('b')) & !(('^a')) & !'=open'",
  ]);
});

test("where hundreds of the best services have a word, the words are looked for among those only, then the rest at once", () => {
  const frequencies = frequenciesWith({ a: 100_000, b: 90_000 });
  expect(ladder([word("a"), word("b")], { must: [], mustFrequency: 1_000_000 }, frequencies)).toEqual([
    { query: "(('b')) & (('a'))", tier: 1 },
    { query: "(('^b')) & !(('a'))", tier: 1 },
    { query: "(('b')) & !(('a')) & !(('^b'))", tier: 1 },
    { query: "(('^a')) & !(('b'))", tier: 1 },
    { query: "(('a')) & !(('b')) & !(('^a'))", tier: 1 },
    { query: "(('b') | ('a')) & ('=open') & !('=best16')", tier: WORST_TIER },
    { query: "(('b') | ('a')) & !('=open')", tier: WORST_TIER },
  ]);
});
