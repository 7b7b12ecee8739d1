// `npm run bench:search`: how good and how fast searches are over the golden catalogue (test/search-quality), by group, and the
// ten queries that are answered worst. Those that are held out are only counted: nobody should tune the search on them.
import { test } from "vitest";
import { createDatabase } from "../test/support/database.ts";
import type { Judged } from "../test/search-quality/golden-catalogue.ts";
import { insertCatalogue, judge, mean, searcher } from "../test/search-quality/golden-catalogue.ts";
import { quantile } from "./figures.ts";

const GROUPS = ["english", "japanese", "across", "hopeless"] as const;
const WORST = 10;

const summary = (judged: readonly Judged[]) => ({
  queries: judged.length,
  "nDCG@10": mean(judged.map(({ ndcg }) => ndcg)).toFixed(3),
  "recall@10": mean(judged.map(({ recall }) => recall)).toFixed(3),
  "above 0.5": judged.filter(({ best }) => best > 0.5).length,
  "p50, ms": quantile(
    judged.map(({ ms }) => ms),
    0.5,
  ).toFixed(1),
  "p99, ms": quantile(
    judged.map(({ ms }) => ms),
    0.99,
  ).toFixed(1),
});

test("the quality of the search", async () => {
  const database = await createDatabase();
  await insertCatalogue(database);
  const search = searcher(database);
  await judge(search); // warms up
  const judged = await judge(search);
  const rows: [string, Judged[]][] = GROUPS.flatMap((group) => {
    const all = judged.filter(({ query }) => query.group === group);
    return [
      [group, all],
      [`${group}, held out`, all.filter(({ query }) => query.held_out === true)],
    ];
  });
  console.table(Object.fromEntries(rows.map(([name, list]) => [name, summary(list)])));
  const worst = judged
    .filter(({ query }) => query.held_out !== true && query.group !== "hopeless")
    .toSorted((a, b) => a.ndcg - b.ndcg)
    .slice(0, WORST);
  for (const { query, keys, ndcg } of worst)
    console.log(
      `${ndcg.toFixed(2)}  ${query.text}\n      wanted ${Object.keys(query.grades).join(", ")}; found ${[...keys.slice(0, 3), "(end)"].join(", ")}`,
    );
  await database.close();
});
