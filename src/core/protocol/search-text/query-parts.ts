import { normalize } from "./normal-form.ts";
import { topicTerm } from "./terms.ts";
import type { Thesaurus } from "./thesaurus/parse-thesaurus.ts";
import { ancestors } from "./thesaurus/parse-thesaurus.ts";
import { topicsInText } from "./topics-in-text.ts";
import type { Word } from "./words.ts";
import { wordsOf } from "./words.ts";

/**
 * How much a document's topic counts, compared with the word itself: one that the word surely means, one of several meanings, a
 * broader one (a weather service may tell of rain).
 */
const TOPIC_COUNTS = { sure: 0.5, unsure: 0.375, broader: 0.25 };
/** How much of a query a weak word is, compared with others. */
const WEAK_SHARE = 0.15;

/** A word or phrase of a query. A document meets it in one of several ways; the best one counts, so synonyms don't add up. */
export interface QueryPart {
  text: string;
  /** How much of the query it is, compared with its other parts: 1, or less for a weak word. */
  share: number;
  ways: Way[];
}

/** The document holds all of these terms, or any of them. */
export interface Way {
  terms: string[];
  needs: "all" | "any";
  /** From 0 to 1. */
  counts: number;
  /** It is a broader topic than what was asked for. */
  isBroader?: true;
}

/** The parts of what somebody looks for. Two phrases of one topic are one part, and so is a word that is repeated. */
export function queryParts(text: string, thesaurus: Thesaurus): QueryPart[] {
  const normal = normalize(text);
  const words = wordsOf(normal);
  const spans = topicsInText(normal, words, thesaurus);
  const byTopics = new Map<string, QueryPart>();
  for (const { start, end, topics } of spans) {
    const inside = words.filter((word) => word.start < end && start < word.end);
    const ways = [
      ...wordsAsWay(inside),
      ...topics.flatMap(({ topic, isSure }) => [
        topicAsWay(topic, isSure ? TOPIC_COUNTS.sure : TOPIC_COUNTS.unsure),
        ...ancestors(topic, thesaurus.broader).map((broader) => ({
          ...topicAsWay(broader, TOPIC_COUNTS.broader),
          isBroader: true as const,
        })),
      ]),
    ];
    const key = topics.map(({ topic }) => topic).join();
    const same = byTopics.get(key);
    if (same === undefined) byTopics.set(key, { text: normal.slice(start, end), share: 1, ways });
    else
      same.ways.push(
        ...ways.filter((way) => !same.ways.some((known) => known.terms.join() === way.terms.join())),
      );
  }
  const single = new Map<string, QueryPart>();
  for (const word of words) {
    const isInSpan = spans.some((span) => word.start < span.end && span.start < word.end);
    if (word.isStop || isInSpan || single.has(word.form)) continue;
    const share = word.isWeak ? WEAK_SHARE : 1;
    single.set(word.form, { text: word.text, share, ways: wordsAsWay([word]) });
  }
  const parts = [...byTopics.values(), ...single.values()];
  const isAllWeak = parts.every(({ share }) => share < 1);
  return isAllWeak ? parts.map((part) => ({ ...part, share: 1 })) : parts;
}

const topicAsWay = (topic: string, counts: number): Way => ({
  terms: [topicTerm(topic)],
  needs: "any",
  counts,
});

function wordsAsWay(words: readonly Word[]): Way[] {
  const terms = words.filter(({ isStop }) => !isStop).map(({ form }) => form);
  return terms.length === 0 ? [] : [{ terms, needs: "all", counts: 1 }];
}
