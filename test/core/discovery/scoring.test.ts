import { describe, expect, test } from "vitest";
import { budgetFit, rankOffers } from "../../../src/core/discovery/search/rank-offers.ts";
import { scoreText } from "../../../src/core/discovery/search/score-text.ts";
import { DOUBT, FOUND_IN, RELEVANCE } from "../../../src/core/discovery/search/weights.ts";
import type { Prominence, QueryPart } from "../../../src/core/protocol/search-text/index.ts";
import type { OfferRow } from "../../../src/core/discovery/search/offer-store.ts";

/** What a search's words are worth, as tables. The thesaurus and the stems have no part in it. */

const word = (text: string, share = 1): QueryPart => ({
  text,
  share,
  ways: [{ terms: [text], needs: "all", counts: 1 }],
});
const topic = (text: string): QueryPart => ({
  text,
  share: 1,
  ways: [
    { terms: [text], needs: "all", counts: 1 },
    { terms: [`#${text}`], needs: "any", counts: 0.5 },
  ],
});
const phrase = (...terms: string[]): QueryPart => ({
  text: terms.join(" "),
  share: 1,
  ways: [{ terms, needs: "all", counts: 1 }],
});

const FREQUENCY: Record<string, number> = { common: 1_000, usual: 100, rare: 1, "#rare": 1 };
const frequencies = { services: 1_000, of: (term: string) => FREQUENCY[term] ?? 0 };
const score = (parts: QueryPart[], found: Record<string, Prominence>): number =>
  scoreText(parts, new Map(Object.entries(found)), frequencies);

describe("how well a text fits", () => {
  test.each<[string, QueryPart[], Record<string, Prominence>, number]>([
    ["a word in the name", [word("rare")], { rare: "A" }, 1],
    ["in the tags, categories or key", [word("rare")], { rare: "B" }, FOUND_IN.B ** DOUBT],
    ["nowhere", [word("rare")], {}, 0],
    ["nothing was asked", [], { rare: "A" }, 0],
    ["only its topic, in the name", [topic("rare")], { "#rare": "A" }, 0.5 ** DOUBT],
    ["the word and the topic: they don't add up", [topic("rare")], { rare: "A", "#rare": "A" }, 1],
    ["a phrase", [phrase("rare", "usual")], { rare: "A", usual: "A" }, 1],
  ])("%s", (_what, parts, found, expected) => {
    expect(score(parts, found)).toBeCloseTo(expected, 6);
  });

  test.each<[string, [QueryPart[], Record<string, Prominence>], [QueryPart[], Record<string, Prominence>]]>([
    ["a name over tags", [[word("rare")], { rare: "A" }], [[word("rare")], { rare: "B" }]],
    ["tags over the description", [[word("rare")], { rare: "B" }], [[word("rare")], { rare: "C" }]],
    [
      "the description over a campaign's text",
      [[word("rare")], { rare: "C" }],
      [[word("rare")], { rare: "D" }],
    ],
    ["the word over its topic", [[topic("rare")], { rare: "A" }], [[topic("rare")], { "#rare": "A" }]],
    [
      "the rare word over the common one",
      [[word("rare"), word("common")], { rare: "A" }],
      [[word("rare"), word("common")], { common: "A" }],
    ],
    [
      "two words over one",
      [[word("rare"), word("usual")], { rare: "A", usual: "A" }],
      [[word("rare"), word("usual")], { rare: "A" }],
    ],
    [
      "a whole phrase over a part of it",
      [[phrase("rare", "usual")], { rare: "A", usual: "A" }],
      [[phrase("rare", "usual")], { rare: "A" }],
    ],
    [
      "a word that says what is wanted over one that says that something is",
      [[word("rare"), word("usual", 0.15)], { rare: "A" }],
      [[word("rare"), word("usual", 0.15)], { usual: "A" }],
    ],
  ])("%s", (_what, [betterParts, betterFound], [worseParts, worseFound]) => {
    const [better, worse] = [score(betterParts, betterFound), score(worseParts, worseFound)];
    expect(better).toBeGreaterThan(worse);
    expect(worse).toBeGreaterThanOrEqual(0);
    expect(better).toBeLessThanOrEqual(1);
  });
});

describe("relevance", () => {
  const offer = (changes: Partial<OfferRow> = {}): OfferRow => ({
    ...{ service_id: "s", account_id: "a", campaign_id: null, price_micros: 50_000n, reliability: 1 },
    ...{ categories_in_scope: true, has_category: true, task_type: null, task_duration_seconds: null },
    ...{
      data_types_in_scope: true,
      data_types_allowed: true,
      created_at: 0,
      has_money: true,
      eligible: true,
    },
    ...{ has_calls_left: true, completed: false, preference: "neutral", ...changes },
  });
  const relevance = (changes: Partial<OfferRow>, text: number, budget: bigint | null): number | undefined =>
    rankOffers([offer(changes)], new Map([["s", text]]), budget)[0]?.relevance;

  test("the weights add up to 1", () => {
    expect(RELEVANCE.text + RELEVANCE.budgetFit + RELEVANCE.preference).toBeCloseTo(1, 10);
  });

  test.each<[string, Partial<OfferRow>, number, bigint | null, number]>([
    ["all of it", { preference: "preferred", price_micros: 0n }, 1, 0n, 1],
    ["text alone", { price_micros: 1n }, 1, 0n, 0.4 + 0.15],
    ["half the budget", {}, 0, 100_000n, 0.15 + 0.15],
    ["more than the budget", {}, 0, 1n, 0.15],
    ["an unknown budget", {}, 0, null, 0.15 + 0.15],
    ["a preferred task", { preference: "preferred" }, 0, 0n, 0.3],
    ["an upstream that delivers every other time", { reliability: 0.5 }, 1, 0n, (0.4 + 0.15) / 2],
  ])("%s", (_what, changes, text, budget, expected) => {
    expect(relevance(changes, text, budget)).toBeCloseTo(expected, 4);
  });

  test("a free service fits every budget", () => {
    expect([budgetFit(0n, 0n), budgetFit(0n, null), budgetFit(1n, 0n)]).toEqual([1, 1, 0]);
  });

  test("equals are in one order: a completed task first, then the older, then by id", () => {
    const ids = rankOffers(
      [
        offer({ service_id: "d" }),
        offer({ service_id: "c" }),
        offer({ service_id: "b", created_at: -1 }),
        offer({ service_id: "a", created_at: 1, completed: true }),
      ],
      new Map("abcd".split("").map((id) => [id, 1])),
      null,
    ).map((ranked) => ranked.offer.service_id);
    expect(ids).toEqual(["a", "b", "c", "d"]);
  });
});
