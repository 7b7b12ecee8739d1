/**
 * What a text is indexed and searched by. A term is a word's form (`hotel`), or a topic (`#travel`); a service's
 * categories are terms too (`@travel`), as the sponsor wrote them.
 */
export const topicTerm = (topic: string): string => `#${topic}`;
export const categoryTerm = (category: string): string => `@${category}`;

/**
 * Where in a service's texts a term stands, the most prominent first: its name; its tags, categories and key; its description;
 * the texts of campaigns that pay for it. They are the weights of PostgreSQL's `tsvector`.
 */
export type Prominence = "A" | "B" | "C" | "D";

/** The term that only services have in which it is prominent. */
export const prominentTerm = (term: string): string => `^${term}`;

/** A term as it stands in a `tsvector` or `tsquery`. */
export const quoteTerm = (term: string): string => `'${term.replace(/['\\]/g, "$&$&")}'`;
