import { integer, json, text, texts } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Looks up what the catalogue knows of a search: how large it is, how frequent the terms are, and which words it has. */
export const lookUp = statement({
  name: "search.look-up",
  limit: "search",
  params: { terms: texts(), words: texts() },
  row: {
    services: integer,
    /** Services by term. A term of the catalogue counts at least 1. */
    frequencies: json<Record<string, number>>(),
    known_words: texts(),
  },
  text: `
    SELECT c.services, (SELECT coalesce(jsonb_object_agg(term, greatest(services, 1)), '{}') FROM search_terms WHERE term = ANY($terms)) AS frequencies,
           ARRAY(SELECT word FROM search_words WHERE word = ANY($words)) AS known_words
      FROM search_catalogue c WHERE c.id = 1`,
});

/** As many as any catalogue has. The rest count as rare. */
const MOST_CATEGORIES = 2_000;

/** How large the catalogue is, and how many services these terms and each category have. */
export const countCatalogue = statement({
  name: "search.count-catalogue",
  limit: "search",
  params: { terms: texts() },
  row: { services: integer, frequencies: json<Record<string, number>>() },
  text: `
    SELECT c.services, (SELECT coalesce(jsonb_object_agg(term, greatest(services, 1)), '{}') FROM (
             SELECT term, services FROM search_terms WHERE term = ANY($terms)
             UNION ALL (SELECT term, services FROM search_terms WHERE term ^@ '@' ORDER BY services DESC LIMIT ${MOST_CATEGORIES})
           ) counted) AS frequencies
      FROM search_catalogue c WHERE c.id = 1`,
});

/** How many words that are spelt somewhat alike are compared with an unknown one. */
const MOST_SIMILAR = 15;

/** Finds words of the catalogue that are spelt somewhat like these. */
export const findSimilarWords = statement({
  name: "search.find-similar-words",
  limit: "search",
  params: { unknown: texts() },
  row: { word: text, similar: texts() },
  text: `
    SELECT word, ARRAY(SELECT w.word FROM search_words w WHERE w.word % unknown.word
                        ORDER BY similarity(w.word, unknown.word) DESC, w.word LIMIT ${MOST_SIMILAR}) AS similar
      FROM unnest($unknown) AS unknown (word)`,
});

/** As many as a grant can hold. */
const MOST_CHOICES = 100;
/** The tasks of so many campaigns are looked at, the newest first. */
const MOST_CAMPAIGNS = 5_000;

/** The categories with the most services, and the types of tasks of the newest campaigns. */
export const listCatalogueChoices = statement({
  name: "search.list-catalogue-choices",
  limit: "read",
  params: {},
  row: { categories: texts(), task_types: texts() },
  text: `
    SELECT ARRAY(SELECT substr(term, 2) FROM search_terms WHERE term > '@' AND term < 'A' AND services > 0
                  ORDER BY services DESC, term LIMIT ${MOST_CHOICES}) AS categories,
           ARRAY(SELECT DISTINCT task_type FROM (SELECT task_type FROM campaigns WHERE active ORDER BY created_at DESC LIMIT ${MOST_CAMPAIGNS}) newest
                  ORDER BY task_type LIMIT ${MOST_CHOICES}) AS task_types`,
});
