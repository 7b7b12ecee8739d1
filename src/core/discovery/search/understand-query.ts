import type { Deps } from "../../context.ts";
import type { QueryPart } from "../../protocol/search-text/index.ts";
import {
  categoryTerm,
  correctSpelling,
  cutsOf,
  LABELS,
  normalize,
  queryParts,
  wordForm,
  wordsToSpell,
} from "../../protocol/search-text/index.ts";
import { countCatalogue, findSimilarWords, lookUp } from "./query-store.ts";
import type { Frequencies } from "./score-text.ts";
import { frequencyOf, toFrequencies } from "./score-text.ts";

type Context = Pick<Deps, "sql" | "thesaurus" | "catalogue">;

/** What somebody looks for, as search understands it. */
export interface Query {
  /** A list for each text that was given. Each has to be met. Empty: anything. */
  texts: QueryPart[][];
  frequencies: Frequencies;
  /** The texts with other spelling, where that was changed. */
  corrected: string[];
}

/** At most so many parts of a text are looked for. */
const MOST_PARTS = 16;
/** At most so many misspelt words of a search are corrected. */
const MOST_CORRECTED = 5;

/** @param categories categories whose number of services is of interest */
export async function understandQuery(
  ctx: Context,
  texts: readonly string[],
  categories: readonly string[],
): Promise<Query> {
  if (texts.length === 0) return anything(ctx);
  const partsOf = (read: readonly string[]): QueryPart[][] =>
    read.map((text) => queryParts(text, ctx.thesaurus));
  const written = partsOf(texts);
  const words = texts.flatMap(wordsToSpell);
  const others = [...LABELS, ...categories.map(categoryTerm)];
  const first = await lookUp.one(ctx.sql, {
    terms: [...termsOf(written), ...words.map(wordForm), ...others],
    words,
  });
  const knownWords = new Set(first.known_words);
  const isKnown = (word: string): boolean =>
    knownWords.has(word) || ctx.thesaurus.englishWords.has(word) || wordForm(word) in first.frequencies;
  const corrected = await correctTexts(
    ctx,
    texts,
    words.filter((word) => !isKnown(word)),
    isKnown,
  );
  const parts = corrected.length > 0 ? partsOf(corrected) : written;
  const { services, frequencies } =
    corrected.length > 0
      ? await lookUp.one(ctx.sql, { terms: [...termsOf(parts), ...others], words: [] })
      : first;
  const known = toFrequencies(services, frequencies);
  return {
    texts: parts.map((text) => mostTelling(text, known)),
    frequencies: known,
    corrected,
  };
}

/** Of a search without a text, the counts only decide by which index services are looked for. So they may be some seconds old. */
async function anything({ sql, catalogue }: Context): Promise<Query> {
  const { services, frequencies } = await catalogue.get(() =>
    countCatalogue.one(sql, { terms: [...LABELS] }),
  );
  return { texts: [], frequencies: toFrequencies(services, frequencies), corrected: [] };
}

/** The parts of a long text that say most: those that the catalogue has most seldom, but has. */
function mostTelling(parts: QueryPart[], frequencies: Frequencies): QueryPart[] {
  if (parts.length <= MOST_PARTS) return parts;
  const telling = (part: QueryPart): number => {
    const frequency = frequencyOf(part, frequencies);
    return (frequency === 0 ? Infinity : frequency) / part.share;
  };
  return parts.toSorted((a, b) => telling(a) - telling(b)).slice(0, MOST_PARTS);
}

const termsOf = (texts: readonly QueryPart[][]): string[] =>
  texts.flat().flatMap(({ ways }) => ways.flatMap(({ terms }) => terms));

/** The texts with the words corrected that nobody knows. Empty if no word changes. */
async function correctTexts(
  { sql, thesaurus }: Pick<Context, "sql" | "thesaurus">,
  texts: readonly string[],
  unknown: readonly string[],
  isKnown: (word: string) => boolean,
): Promise<string[]> {
  if (unknown.length === 0) return [];
  const corrigible = unknown.slice(0, MOST_CORRECTED);
  const pieces = corrigible.flatMap((word) => cutsOf(word).flat());
  const [similar, { known_words, frequencies }] = await Promise.all([
    findSimilarWords.all(sql, { unknown: corrigible }),
    lookUp.one(sql, { terms: pieces.map(wordForm), words: pieces }),
  ]);
  const knownPieces = new Set(known_words);
  const isKnownPiece = (word: string): boolean =>
    isKnown(word) || knownPieces.has(word) || (word.length > 3 && wordForm(word) in frequencies);
  const similarTo = new Map(similar.map((row) => [row.word, row.similar]));
  const corrected = texts.map((text) =>
    correctSpelling(text, new Set(corrigible), isKnownPiece, (word) => [
      ...(similarTo.get(word) ?? []),
      ...thesaurus.englishWords,
    ]),
  );
  const isChanged = corrected.some((text, index) => text !== normalize(texts[index] ?? ""));
  return isChanged ? corrected : [];
}
