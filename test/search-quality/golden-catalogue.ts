import { readFileSync } from "node:fs";
import { BUILT_IN_THESAURUS } from "../../src/app/config-fields.ts";
import { FairQueue } from "../../src/core/protocol/fair-queue.ts";
import { Recent } from "../../src/core/protocol/recent.ts";
import { countTerms, indexServices } from "../../src/core/sponsorship/offer/index.ts";
import { searchServices } from "../../src/core/discovery/search/index.ts";
import type { TestDatabase } from "../support/database.ts";
import { searchingActor } from "../support/searching-actor.ts";

export interface GoldenService {
  service_key: string;
  name: string;
  description: string;
  categories: string[];
  tags: string[];
  price_cents: number;
  localized?: Record<string, { name: string; description: string }>;
}

export interface GoldenQuery {
  id: string;
  group: "english" | "japanese" | "across" | "hopeless";
  text: string;
  field: "q" | "intent";
  /** 3: exactly this, 2: serves the wish well, 1: serves a part of it. */
  grades: Record<string, 1 | 2 | 3>;
  held_out?: true;
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8")) as unknown;

export const CATALOGUE = read("catalogue.json") as GoldenService[];
const QUERIES = read("queries.json") as GoldenQuery[];

/** Puts the golden catalogue into an empty database: one sponsor, who pays for each service without a task. */
export async function insertCatalogue({ db, sql }: TestDatabase): Promise<void> {
  const sponsor = await db.sponsor.create({ data: { name: "Golden" } });
  const ids: string[] = [];
  for (const service of CATALOGUE) {
    const account = await db.budgetAccount.create({
      data: {
        kind: "sponsored_api",
        unit: "micros",
        network: "eip155:1",
        asset: "0x1",
        limit: 1_000_000_000n,
      },
    });
    const { id } = await db.sponsoredApi.create({
      data: {
        ...{ sponsorId: sponsor.id, serviceKey: service.service_key, name: service.name },
        ...{ description: service.description, categories: service.categories, tags: service.tags },
        ...(service.localized !== undefined && { localized: service.localized }),
        ...{ upstreamUrl: "https://upstream.example", upstreamMethod: "GET", timeoutMs: 1000 },
        ...{
          priceMicros: BigInt(Math.round(service.price_cents * 10_000)),
          inputSchema: {},
          inputDataTypes: [],
        },
        ...{ network: "eip155:1", asset: "0x1", payTo: "0x2", budgetAccountId: account.id },
      },
    });
    ids.push(id);
  }
  await sql.transaction((tx) => indexServices(tx, ids, BUILT_IN_THESAURUS));
  await countTerms({ sql });
}

/** A search in the golden catalogue by a session that may use all of it. */
export function searcher({ sql }: TestDatabase) {
  const categories = [...new Set(CATALOGUE.flatMap((service) => service.categories))];
  const scopes = { taskTypes: ["survey"], dataTypes: [], categories };
  const actor = searchingActor({ scopes });
  const searches = new FairQueue("searches", {
    ...{ atOnce: 4, atOnceOfCaller: 4, waitingOfCaller: 1_000, waitingOfKind: 1_000 },
  });
  const ctx = {
    ...{ sql, searches, lists: searches, thesaurus: BUILT_IN_THESAURUS, actor },
    catalogue: new Recent<never>(0),
    tally: { count: () => undefined },
  };
  return async ({ field, text }: Pick<GoldenQuery, "field" | "text">, explain = false) =>
    (await searchServices(ctx, { [field]: text, limit: 50, explain })).data;
}

/** How well the results fit, compared with the best order there could be: normalized discounted cumulative gain. */
function ndcgAt10({ grades }: GoldenQuery, keys: readonly string[]): number {
  const gain = (list: readonly number[]): number =>
    list.slice(0, 10).reduce((sum, grade, index) => sum + (2 ** grade - 1) / Math.log2(index + 2), 0);
  return gain(keys.map((key) => grades[key] ?? 0)) / gain(Object.values(grades).toSorted((a, b) => b - a));
}

/** The share of fitting services that are among the first ten results. */
function recallAt10({ grades }: GoldenQuery, keys: readonly string[]): number {
  const fitting = Object.keys(grades);
  return fitting.filter((key) => keys.slice(0, 10).includes(key)).length / Math.min(10, fitting.length);
}

export const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / Math.max(1, numbers.length);

/** A query and how well it was answered. */
export interface Judged {
  query: GoldenQuery;
  /** Service keys of the results, best first. */
  keys: string[];
  /** The relevance of the first result; 0 without one. */
  best: number;
  ndcg: number;
  recall: number;
  ms: number;
}

/** Asks each query, one after the other. */
export async function judge(search: ReturnType<typeof searcher>, queries = QUERIES): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (const query of queries) {
    const started = performance.now();
    const { services } = await search(query);
    const ms = performance.now() - started;
    const keys = services.map(({ service_key }) => service_key);
    const best = services[0]?.relevance_score ?? 0;
    judged.push({ query, keys, best, ndcg: ndcgAt10(query, keys), recall: recallAt10(query, keys), ms });
  }
  return judged;
}
