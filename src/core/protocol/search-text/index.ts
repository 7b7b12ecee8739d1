/** How a text becomes the terms that search works with: the same for what services offer and for what somebody looks for. */
export { correctSpelling, countEdits, cutsOf, wordsToSpell } from "./correct-spelling.ts";
export { documentTerms, spellingWords } from "./document-terms.ts";
export { normalize, wordForm } from "./normal-form.ts";
export type { QueryPart, Way } from "./query-parts.ts";
export { queryParts } from "./query-parts.ts";
export type { Prominence } from "./terms.ts";
export { categoryTerm, LABELS, prominentTerm, quoteTerm, readTerm, WORST_TIER } from "./terms.ts";
export { BUILT_IN_TOPICS } from "./thesaurus/built-in.ts";
export type { Thesaurus } from "./thesaurus/parse-thesaurus.ts";
export { parseThesaurus } from "./thesaurus/parse-thesaurus.ts";
