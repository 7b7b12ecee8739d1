import type { Prominence, Thesaurus } from "../../protocol/search-text/index.ts";
import {
  categoryTerm,
  documentTerms,
  prominentTerm,
  quoteTerm,
  spellingWords,
} from "../../protocol/search-text/index.ts";
import type { RowOf } from "../../ports/statement.ts";
import type { readTexts } from "./terms-store.ts";

type Texts = RowOf<typeof readTexts>;

/** Terms with at most this prominence are kept a second time, so that a search can ask for a prominent one first. */
const PROMINENT: readonly Prominence[] = ["A", "B"];

/** What a service is found by: its terms, and the English words that a misspelt word can stand for. */
export function findTerms(
  service: Texts,
  thesaurus: Thesaurus,
): { terms: Map<string, Prominence>; words: Set<string> } {
  const { name, description, service_key, tags, categories, campaigns } = service;
  const translations = Object.values(service.localized ?? {});
  const names = [name, ...translations.map((translation) => translation.name ?? "")];
  const descriptions = [description, ...translations.map((translation) => translation.description ?? "")];
  const terms = documentTerms(
    [
      ...names.map((text) => ({ text, prominence: "A" as const })),
      ...[service_key, tags.join(" , "), categories.join(" , ")].map((text) => ({
        text,
        prominence: "B" as const,
      })),
      ...descriptions.map((text) => ({ text, prominence: "C" as const })),
      ...campaigns.map((text) => ({ text, prominence: "D" as const })),
    ],
    thesaurus,
  );
  for (const category of categories) terms.set(categoryTerm(category), "D");
  return { terms, words: spellingWords([...names, ...descriptions, ...tags, ...campaigns]) };
}

/** Terms as PostgreSQL reads a `tsvector`. Prominent words and topics stand in it once more, with `^` before them. */
export const toTsvector = (terms: ReadonlyMap<string, Prominence>): string =>
  [...terms]
    .flatMap(([term, prominence]) => [
      `${quoteTerm(term)}:1${prominence}`,
      ...(PROMINENT.includes(prominence) ? [quoteTerm(prominentTerm(term))] : []),
    ])
    .join(" ");
