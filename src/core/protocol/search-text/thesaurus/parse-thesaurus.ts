import { createHash } from "node:crypto";
import { foldKana, isJapanese, normalize, withoutKana } from "../normal-form.ts";
import { wordsOf } from "../words.ts";

/**
 * Topics and the phrases that mean them. A text that holds a phrase is about the topic, so a search finds it by each other
 * phrase of the topic too, in either language.
 */
export interface Thesaurus {
  /** Names the topics, and the analyser's release. Terms of two versions aren't compared. */
  readonly version: string;
  /** Phrases without Japanese, as the forms of their words joined by blanks; each with its topics. */
  readonly spaced: ReadonlyMap<string, readonly TopicMeant[]>;
  /** Japanese phrases in hiragana and kanji; each with its topics, and how the thesaurus writes it. */
  readonly unspaced: ReadonlyMap<string, { topics: readonly TopicMeant[]; writtenAs: ReadonlySet<string> }>;
  /** Japanese phrases without their kana, where at least two kanji stay. */
  readonly kanjiOnly: ReadonlyMap<string, readonly TopicMeant[]>;
  /** The topic that a topic is a part of. */
  readonly broader: ReadonlyMap<string, string>;
  /** English words of its phrases, for the spelling of a search. */
  readonly englishWords: ReadonlySet<string>;
  /** How long phrases are at most: in words, and in characters. */
  readonly longest: { readonly spaced: number; readonly unspaced: number };
  /** Forms of the first words of phrases without Japanese. */
  readonly spacedStarts: ReadonlySet<string>;
  /** First characters of Japanese phrases. */
  readonly unspacedStarts: ReadonlySet<string>;
}

/** A topic that a phrase means. An unsure one has other meanings as well, and counts less. */
export interface TopicMeant {
  topic: string;
  isSure: boolean;
}

/** Goes up whenever one text gives other terms than before. */
const ANALYSER = 1;

const MOST_KANA_BETWEEN = 3;
const ENGLISH_WORD = /^[a-z]{4,}$/;

/**
 * Reads topics, one a line: `topic > broader topic | English phrases | Japanese phrases`. The broader topic may be left out.
 * Phrases are separated by commas, and `?` before one says that it has other meanings too. Empty lines and lines that start with
 * `#` are skipped. Several lines of one topic add up.
 *
 * @example parseThesaurus("weather | weather, forecast | 天気, 予報\nrain > weather | rain, ?shower | 雨")
 * @param linesBefore lines that aren't counted in the numbers of lines with mistakes
 * @returns the thesaurus, and a line for each mistake. What holds a mistake isn't in the thesaurus
 */
export function parseThesaurus(text: string, linesBefore = 0): { thesaurus: Thesaurus; mistakes: string[] } {
  const mistakes: string[] = [];
  const spaced = new Map<string, TopicMeant[]>();
  const unspaced = new Map<string, { topics: TopicMeant[]; writtenAs: Set<string> }>();
  const kanjiOnly = new Map<string, TopicMeant[]>();
  const broader = new Map<string, string>();
  const topics = new Set<string>();
  const englishWords = new Set<string>();

  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const at = `line ${index + 1 - linesBefore}`;
    const [head = "", ...columns] = line.split("|").map((part) => part.trim());
    const [topic = "", parent, ...rest] = head.split(">").map((part) => part.trim());
    if (!/^[a-z][a-z0-9_]*$/.test(topic) || rest.length > 0 || columns.length > 2) {
      mistakes.push(`${at}: must be "topic > broader topic | English phrases | Japanese phrases"`);
      continue;
    }
    topics.add(topic);
    if (parent !== undefined) broader.set(topic, parent);
    for (const entry of columns.flatMap((column) => column.split(","))) {
      if (entry.trim() === "") continue;
      const isSure = !entry.trim().startsWith("?");
      const phrase = normalize(entry.replace("?", "")).trim();
      const meant = { topic, isSure };
      if (isJapanese(phrase)) {
        const folded = foldKana(phrase);
        const known = unspaced.get(folded) ?? { topics: [], writtenAs: new Set() };
        unspaced.set(folded, {
          topics: withTopic(known.topics, meant),
          writtenAs: known.writtenAs.add(phrase),
        });
        if (isRecognizedByKanji(phrase)) add(kanjiOnly, withoutKana(phrase), meant);
        continue;
      }
      const words = wordsOf(phrase);
      const meaningful = words.filter(({ isStop }) => !isStop || words.length === 1);
      if (meaningful.length === 0) mistakes.push(`${at}: "${phrase}" holds no word that means something`);
      else add(spaced, meaningful.map(({ form }) => form).join(" "), meant);
      for (const word of words) if (ENGLISH_WORD.test(word.text)) englishWords.add(word.text);
    }
  }
  for (const [topic, parent] of broader)
    if (!topics.has(parent)) mistakes.push(`${topic} > ${parent}: there is no topic ${parent}`);
  for (const topic of topics)
    if (ancestors(topic, broader).includes(topic)) mistakes.push(`${topic}: is a part of itself`);

  const longest = {
    spaced: Math.max(0, ...[...spaced.keys()].map((phrase) => phrase.split(" ").length)),
    unspaced: Math.max(0, ...[...unspaced.keys()].map((phrase) => phrase.length)),
  };
  const spacedStarts = new Set([...spaced.keys()].map((phrase) => phrase.split(" ")[0] ?? ""));
  const unspacedStarts = new Set([...unspaced.keys()].map((phrase) => phrase.charAt(0)));
  return {
    thesaurus: {
      version: versionOf(text),
      spaced,
      unspaced,
      kanjiOnly,
      broader,
      englishWords,
      longest,
      spacedStarts,
      unspacedStarts,
    },
    mistakes,
  };
}

const versionOf = (text: string): string =>
  `${ANALYSER}-${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;

/** The topics that a topic is a part of, the nearest first. */
export function ancestors(topic: string, broader: Thesaurus["broader"]): string[] {
  const found: string[] = [];
  for (let next = broader.get(topic); next !== undefined && !found.includes(next); next = broader.get(next))
    found.push(next);
  return found;
}

function add(phrases: Map<string, TopicMeant[]>, phrase: string, meant: TopicMeant): void {
  phrases.set(phrase, withTopic(phrases.get(phrase) ?? [], meant));
}

/** A phrase's topics with one more. Where it is sure once, it stays so. */
const withTopic = (topics: readonly TopicMeant[], meant: TopicMeant): TopicMeant[] => [
  ...topics.filter(({ topic }) => topic !== meant.topic),
  { ...meant, isSure: meant.isSure || topics.some(({ topic, isSure }) => topic === meant.topic && isSure) },
];

const isRecognizedByKanji = (phrase: string): boolean => {
  const kanji = withoutKana(phrase);
  return (
    /^[\p{sc=Han}\p{sc=Hiragana}々]+$/u.test(phrase) &&
    kanji.length >= 2 &&
    phrase.length - kanji.length <= MOST_KANA_BETWEEN
  );
};
