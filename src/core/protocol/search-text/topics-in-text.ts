import { inOrder } from "../in-order.ts";
import { codesInText } from "./codes.ts";
import { foldKana, isJapanese } from "./normal-form.ts";
import type { Thesaurus, TopicMeant } from "./thesaurus/parse-thesaurus.ts";
import type { Word } from "./words.ts";

/** A part of a text that means topics of the thesaurus. */
export interface TopicSpan {
  start: number;
  end: number;
  topics: readonly TopicMeant[];
}

/** The most kanji of a phrase that is looked for without its kana, and the most kana between them. */
const MOST_KANJI = 6;
const MOST_KANA_BETWEEN = 3;
const KANJI = /[\p{sc=Han}々]/u;

/** The parts of a normalized text that mean topics. Of parts that overlap, the longest stays: "text to speech" isn't speech. */
export function topicsInText(text: string, words: readonly Word[], thesaurus: Thesaurus): TopicSpan[] {
  const spans = [
    ...spacedPhrases(words, thesaurus),
    ...(isJapanese(text)
      ? [...unspacedPhrases(text, words, thesaurus), ...phrasesByKanji(text, words, thesaurus)]
      : []),
    ...codesInText(text).map(({ topic, start, end }) => ({ start, end, topics: [{ topic, isSure: true }] })),
  ].sort(
    inOrder(
      (a, b) => b.end - b.start - (a.end - a.start),
      (a, b) => a.start - b.start,
    ),
  );
  const kept: TopicSpan[] = [];
  for (const span of spans)
    if (!kept.some((other) => span.start < other.end && other.start < span.end)) kept.push(span);
  return kept.sort((a, b) => a.start - b.start);
}

function spacedPhrases(words: readonly Word[], { spaced, spacedStarts, longest }: Thesaurus): TopicSpan[] {
  const meaningful = words.filter(({ isStop }) => !isStop);
  return meaningful.flatMap((first, index) => {
    if (!spacedStarts.has(first.form)) return [];
    for (let count = Math.min(longest.spaced, meaningful.length - index); count > 0; count -= 1) {
      const phrase = meaningful.slice(index, index + count);
      const topics = spaced.get(phrase.map(({ form }) => form).join(" "));
      if (topics !== undefined) return [{ start: first.start, end: phrase.at(-1)?.end ?? first.end, topics }];
    }
    return [];
  });
}

/**
 * The segmenter cuts one phrase differently in different sentences, so long phrases are found anywhere. A phrase of two
 * characters has to start where a word starts, and one character has to be a word. Longer ones may stand in the other kana.
 */
function unspacedPhrases(text: string, words: readonly Word[], thesaurus: Thesaurus): TopicSpan[] {
  const { unspaced, unspacedStarts, longest } = thesaurus;
  const starts = new Set(words.map(({ start }) => start));
  const ends = new Set(words.map(({ end }) => end));
  const spans: TopicSpan[] = [];
  const folded = foldKana(text);
  for (let start = 0; start < text.length; start += 1) {
    if (!unspacedStarts.has(folded.charAt(start))) continue;
    for (let length = Math.min(longest.unspaced, text.length - start); length > 0; length -= 1) {
      const known = unspaced.get(folded.slice(start, start + length));
      if (known === undefined) continue;
      const written = text.slice(start, start + length);
      const topics = length > 2 ? known.topics : known.topics.filter(() => known.writtenAs.has(written));
      if (topics.length === 0) continue;
      const end = start + length;
      const stands = length > 2 || (starts.has(start) && (length === 2 || ends.has(end)));
      if (!stands) continue;
      spans.push({ start, end, topics });
      break;
    }
  }
  return spans;
}

function phrasesByKanji(text: string, words: readonly Word[], { kanjiOnly }: Thesaurus): TopicSpan[] {
  const starts = new Set(words.map(({ start }) => start));
  const spans: TopicSpan[] = [];
  for (const run of text.matchAll(/[\p{sc=Han}\p{sc=Hiragana}々]{2,}/gu)) {
    const kanji = Array.from(run[0]).flatMap((character, index) =>
      KANJI.test(character) ? [{ character, at: run.index + index }] : [],
    );
    for (const [index, first] of kanji.entries()) {
      if (!starts.has(first.at)) continue;
      for (let count = Math.min(MOST_KANJI, kanji.length - index); count >= 2; count -= 1) {
        const phrase = kanji.slice(index, index + count);
        const end = (phrase.at(-1)?.at ?? first.at) + 1;
        if (end - first.at - count > MOST_KANA_BETWEEN) continue;
        const topics = kanjiOnly.get(phrase.map(({ character }) => character).join(""));
        if (topics === undefined) continue;
        spans.push({ start: first.at, end, topics });
        break;
      }
    }
  }
  return spans;
}
