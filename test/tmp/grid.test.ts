import { test } from "vitest";
import { createDatabase } from "../support/database.ts";
import { insertCatalogue, mean, ndcgAt10, QUERIES, recallAt10, searcher } from "../search-quality/golden-catalogue.ts";
import { FOUND_IN, ABOUT, WEIGHT } from "../../src/core/discovery/search/weights.ts";
import { TOPIC_COUNTS } from "../../src/core/protocol/search-text/query-parts.ts";
test("grid", async () => {
  const database = await createDatabase(); await insertCatalogue(database);
  const search = searcher(database);
  const set = QUERIES.filter((q) => q.held_out !== true);
  const run = async (label: string) => {
    const rows = [];
    for (const query of set) { const data = await search(query); rows.push({ query, keys: data.services.map((s) => s.service_key), top: data.services[0]?.relevance_score ?? 0 }); }
    const g = (n: string) => rows.filter((r) => r.query.group === n);
    const cell = (n: string) => mean(g(n).map((r) => ndcgAt10(r.query, r.keys))).toFixed(3) + "/" + mean(g(n).map((r) => recallAt10(r.query, r.keys))).toFixed(3);
    console.log(label.padEnd(60), "en", cell("english"), "ja", cell("japanese"), "x", cell("across"), "hopeless", g("hopeless").filter((r) => r.top > 0.5).length);
  };
  const base = { F: { ...FOUND_IN }, A: { ...ABOUT }, W: { ...WEIGHT }, T: { ...TOPIC_COUNTS } };
  const reset = () => { Object.assign(FOUND_IN, base.F); Object.assign(ABOUT, base.A); Object.assign(WEIGHT, base.W); Object.assign(TOPIC_COUNTS, base.T); };
  await run("base");
  for (const [l, f] of [
    ["mentioned .5", () => { ABOUT.mentioned = 0.5; }], ["mentioned .2", () => { ABOUT.mentioned = 0.2; }], ["mentioned 1", () => { ABOUT.mentioned = 1; }],
    ["C .3", () => { FOUND_IN.C = 0.3; }], ["C .44", () => { FOUND_IN.C = 0.44; }], ["C .6 about .65", () => { FOUND_IN.C = 0.6; ABOUT.from = 0.65; }], ["C.6 about .65 mentioned .5", () => { FOUND_IN.C = 0.6; ABOUT.from = 0.65; ABOUT.mentioned = .5; }],
    ["D 0", () => { FOUND_IN.D = 0; }], ["B .9", () => { FOUND_IN.B = 0.9; }], ["B .7", () => { FOUND_IN.B = 0.7; }],
    ["common .1", () => { WEIGHT.common = 0.1; }], ["common .6", () => { WEIGHT.common = 0.6; }],
    ["unknown 1", () => { WEIGHT.unknownWord = 1; }], ["unknown 1.5", () => { WEIGHT.unknownWord = 1.5; }], ["unknown 0.2", () => { WEIGHT.unknownWord = 0.2; }],
    ["topic .7 .4", () => { TOPIC_COUNTS.sure = 0.7; TOPIC_COUNTS.unsure = 0.4; }], ["topic .7 .2", () => { TOPIC_COUNTS.sure = 0.7; TOPIC_COUNTS.unsure = 0.2; }], ["topic .9 .4", () => { TOPIC_COUNTS.sure = 0.9; TOPIC_COUNTS.unsure = 0.4; }], ["topic .5 .2", () => { TOPIC_COUNTS.unsure = 0.2; }],
    ["topic .7/.25 unknown 1 mentioned .5", () => { TOPIC_COUNTS.sure = 0.7; TOPIC_COUNTS.unsure = 0.25; WEIGHT.unknownWord = 1; ABOUT.mentioned = .5 }],
  ] as [string, () => void][]) { reset(); f(); await run(l); }
  reset();
  await database.close();
}, 120000);
