import { randomUUID } from "node:crypto";
import { BUILT_IN_THESAURUS } from "../src/app/config-fields.ts";
import { searchServices } from "../src/core/discovery/search/index.ts";
import { FairQueue } from "../src/core/protocol/fair-queue.ts";
import { Recent } from "../src/core/protocol/recent.ts";
import type { TestDatabase } from "../test/support/database.ts";
import { searchingActor } from "../test/support/searching-actor.ts";
import { quantile } from "./figures.ts";
import { CATEGORIES, JAPANESE, NOUNS, PLACES } from "./large-catalogue.ts";

const ROUNDS = 200;
const WARM_UP = 20;

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

/** Times each kind of search over the large catalogue, one after the other, by one person. */
export async function timeSearches({
  db,
  sql,
}: Pick<TestDatabase, "db" | "sql">): Promise<Record<string, { p50: number; p99: number; found: number }>> {
  const user = await db.user.create({
    data: { email: `${randomUUID()}@example.com`, roles: ["developer"], toolsUsed: [], region: "EU" },
  });
  const scopes = { taskTypes: ["survey"], dataTypes: ["email" as const], categories: [...CATEGORIES] };
  const actor = searchingActor({ scopes, userId: user.id });
  const searches = new FairQueue("searches", {
    atOnce: 2,
    atOnceOfCaller: 2,
    waitingOfCaller: 10,
    waitingOfKind: 10,
  });
  const ctx = {
    ...{ sql, searches, lists: searches, thesaurus: BUILT_IN_THESAURUS, actor },
    catalogue: new Recent<never>(5_000),
    tally: { count: () => undefined },
  };
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
