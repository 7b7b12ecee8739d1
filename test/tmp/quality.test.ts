import { test } from "vitest";
import { createDatabase } from "../support/database.ts";
import { insertCatalogue, mean, ndcgAt10, QUERIES, recallAt10, searcher } from "../search-quality/golden-catalogue.ts";
test("quality", async () => {
  const database = await createDatabase(); await insertCatalogue(database);
  const search = searcher(database);
  const held = process.env.HELD === "1";
  const rows = [];
  for (const query of QUERIES.filter((q) => (q.held_out === true) === held)) {
    const t = performance.now();
    const data = await search(query, true);
    rows.push({ query, keys: data.services.map((s) => s.service_key), scores: data.services.map((s) => s.relevance_score), texts: data.services.map((s) => s.why?.text), ms: performance.now() - t, understood: data.understood });
  }
  for (const g of ["english", "japanese", "across"]) { const of = rows.filter((r) => r.query.group === g);
    console.log(g, of.length, "ndcg", mean(of.map((r) => ndcgAt10(r.query, r.keys))).toFixed(3), "recall", mean(of.map((r) => recallAt10(r.query, r.keys))).toFixed(3)); }
  const h = rows.filter((r) => r.query.group === "hopeless"); console.log("hopeless", h.length, "above .5:", h.filter((r) => (r.scores[0] ?? 0) > 0.5).length);
  console.log("ms p50", rows.map((r) => r.ms).sort((a, b) => a - b)[rows.length >> 1]?.toFixed(1));
  if (!held) {
    for (const r of rows.filter((r) => r.query.group !== "hopeless").map((r) => ({ ...r, n: ndcgAt10(r.query, r.keys) })).sort((a, b) => a.n - b.n).slice(0, Number(process.env.V ?? 40)))
      console.log(r.n.toFixed(2), r.query.id, r.query.text, "| WANTS", JSON.stringify(r.query.grades), "| GOT", r.keys.slice(0, 4).map((k, i) => `${k} ${r.texts[i]?.toFixed(2)}/${r.scores[i]?.toFixed(2)}`).join(", "), "|", r.understood?.parts.join(" · "), r.understood?.corrected ?? "");
    for (const r of h.filter((r) => (r.scores[0] ?? 0) > 0.5)) console.log("HOPELESS", r.query.text, r.keys[0], r.scores[0], r.understood?.parts.join(" · "));
  }
  await database.close();
}, 60000);
