import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { documentTerms, parseThesaurus } from "../../src/core/protocol/search-text/index.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase } from "../support/database.ts";
import type { Judged } from "./golden-catalogue.ts";
import { CATALOGUE, insertCatalogue, judge, mean, searcher } from "./golden-catalogue.ts";

/** How good the search is, on queries that were graded before it was built. See README.md for what may be tuned. */

let database: TestDatabase;
let judged: Judged[];
beforeAll(async () => {
  database = await createDatabase();
  await insertCatalogue(database);
  judged = await judge(searcher(database));
}, 120_000);
afterAll(() => database.close());

const of = (group: Judged["query"]["group"]): Judged[] => judged.filter(({ query }) => query.group === group);

test.each([
  ["english", 0.9],
  ["japanese", 0.88],
] as const)("the first ten results of %s queries are in nearly the best order", (group, least) => {
  expect(mean(of(group).map(({ ndcg }) => ndcg))).toBeGreaterThanOrEqual(least);
});

test("what is written in the other language is found", () => {
  expect(mean(of("across").map(({ recall }) => recall))).toBeGreaterThanOrEqual(0.7);
});

test("of queries that nothing fits, at most one in six has a result that looks good", () => {
  const hopeless = of("hopeless");
  const fooled = hopeless.filter(({ best }) => best > 0.5);
  expect(fooled.length / hopeless.length).toBeLessThanOrEqual(1 / 6);
});

test("texts give the terms that this release of the analyser gives", () => {
  const { thesaurus } = parseThesaurus("weather | weather, forecast | 天気");
  const terms = CATALOGUE.map(({ name, description }) => [
    ...documentTerms([{ text: `${name}. ${description}`, prominence: "C" }], thesaurus),
  ]);
  const digest = createHash("sha256").update(JSON.stringify(terms)).digest("hex").slice(0, 16);
  // If this differs, texts give other terms than before: ANALYSER in parse-thesaurus.ts has to go up with it.
  expect([thesaurus.version.split("-")[0], digest]).toEqual(["1", "a938705f28082202"]);
});
