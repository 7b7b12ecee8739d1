/**
 * What a text is indexed and searched by. A term is a word's form (`hotel`), or a topic (`#travel`); a service's
 * categories are terms too (`@travel`), as the sponsor wrote them.
 */
export const topicTerm = (topic: string): string => `#${topic}`;
export const categoryTerm = (category: string): string => `@${category}`;

/** What a term of a service stands for: a word or topic of its texts, or something that only search itself works with. */
export function readTerm(term: string): { kind: "word" | "topic" | "other"; text: string } {
  if (term.startsWith("#")) return { kind: "topic", text: term.slice(1) };
  return { kind: /^[@^=]/.test(term) ? "other" : "word", text: term };
}

/**
 * Terms that say how good a service is for anybody: whether a budget can pay for it, and of those, whether it is among the best 1/4,
 * 1/16 and 1/64 of the catalogue. Each has those before it too.
 */
export const LABELS = ["=open", "=best4", "=best16", "=best64"] as const;

/** The tier of services without any label. The best ones, with all of them, are of tier 0. */
export const WORST_TIER = LABELS.length;

/**
 * Where in a service's texts a term stands, the most prominent first: its name; its tags, categories and key; its description;
 * the texts of campaigns that pay for it. They are the weights of PostgreSQL's `tsvector`.
 */
export type Prominence = "A" | "B" | "C" | "D";

/** The term that only services have in which it is prominent. */
export const prominentTerm = (term: string): string => `^${term}`;

/** A term as it stands in a `tsvector` or `tsquery`. */
export const quoteTerm = (term: string): string => `'${term.replace(/['\\]/g, "$&$&")}'`;
