import { normalize } from "./normal-form.ts";
import type { Prominence } from "./terms.ts";
import { topicTerm } from "./terms.ts";
import type { Thesaurus } from "./thesaurus/parse-thesaurus.ts";
import { ancestors } from "./thesaurus/parse-thesaurus.ts";
import { topicsInText } from "./topics-in-text.ts";
import { wordsOf } from "./words.ts";

const ORDER: readonly Prominence[] = ["A", "B", "C", "D"];

/** One step less prominent. */
const lower = (prominence: Prominence, steps: number): Prominence =>
  ORDER[Math.min(ORDER.length - 1, ORDER.indexOf(prominence) + steps)] ?? "D";

/**
 * The terms of a document, each as prominent as in the most prominent of its texts: its words, and the topics that they mean. A
 * topic that is only one of several meanings stands a step lower, and a broader topic two.
 */
export function documentTerms(
  texts: readonly { text: string; prominence: Prominence }[],
  thesaurus: Thesaurus,
): Map<string, Prominence> {
  const terms = new Map<string, Prominence>();
  const put = (term: string, prominence: Prominence): void => {
    const before = terms.get(term);
    if (before === undefined || prominence < before) terms.set(term, prominence);
  };
  for (const { text, prominence } of texts) {
    const normal = normalize(text);
    const words = wordsOf(normal);
    for (const word of words) if (!word.isStop) put(word.form, prominence);
    for (const { topics } of topicsInText(normal, words, thesaurus))
      for (const { topic, isSure } of topics) {
        const own = lower(prominence, isSure ? 0 : 1);
        put(topicTerm(topic), own);
        for (const broader of ancestors(topic, thesaurus.broader)) put(topicTerm(broader), lower(own, 2));
      }
  }
  return terms;
}

/** The English words of texts that a misspelt word of a search could stand for. */
export const spellingWords = (texts: readonly string[]): Set<string> =>
  new Set(
    texts.flatMap((text) => normalize(text).match(/(?<![\p{L}\p{N}])[a-z]{4,}(?![\p{L}\p{N}])/gu) ?? []),
  );
