import { Prisma } from "../../../platform/generated/prisma/client.ts";

/** A number of a formula, written into the SQL text. As a parameter, it would get another type. */
export const inSql = (number: number): Prisma.Sql => Prisma.raw(String(number));

/**
 * Weights of a text match: the words that occur, how prominent they are, or else how similar the spelling is.
 */
const WORDS_WEIGHT = inSql(0.8);
const RANK_WEIGHT = inSql(0.2);
const SPELLING_WEIGHT = inSql(0.8);
/**
 * Texts up to so many characters are compared by their spelling too. A longer one is a sentence: its trigrams say little, and
 * comparing 500 characters with each of 2,000 services takes a third of a second.
 */
const LONGEST_SPELLING = 100;
/** Option of `ts_rank`: scale the rank to less than 1. */
export const RANK_BELOW_1 = inSql(32);

/**
 * SQL: the services and campaigns that match a text, with their scores. Full text search finds word stems,
 * and trigrams find misspelt words. Both use an index.
 * @param name prefix of the four CTEs
 */
export const textMatches = (name: string, text: string, query: Prisma.Sql): Prisma.Sql => {
  const bySpelling = text.length <= LONGEST_SPELLING;
  return Prisma.sql`
  ${Prisma.raw(name)}_query AS MATERIALIZED (
    SELECT ${query} AS query, plainto_tsquery('english', ${text}) AS every_word, lower(${text}) AS text,
           ARRAY(SELECT to_tsquery('simple', quote_literal(l)) FROM unnest(tsvector_to_array(to_tsvector('english', ${text}))) AS l) AS words
  ), ${Prisma.raw(name)}_services AS MATERIALIZED (
    SELECT a.id, ${score(Prisma.sql`a`, bySpelling)} AS score FROM sponsored_apis a, ${Prisma.raw(name)}_query q
     WHERE ${matches(Prisma.sql`a`, bySpelling)}
  ), ${Prisma.raw(name)}_campaigns AS MATERIALIZED (
    SELECT c.id, ${score(Prisma.sql`c`, bySpelling)} AS score FROM campaigns c, ${Prisma.raw(name)}_query q
     WHERE ${matches(Prisma.sql`c`, bySpelling)}
  ), ${Prisma.raw(name)}_scores AS MATERIALIZED (
    SELECT jsonb_object_agg(id, score) AS scores FROM (TABLE ${Prisma.raw(name)}_services UNION ALL TABLE ${Prisma.raw(name)}_campaigns) matches
  )`;
};

const matches = (t: Prisma.Sql, bySpelling: boolean): Prisma.Sql =>
  Prisma.sql`${t}.search_vector @@ q.query ${bySpelling ? Prisma.sql`OR ${t}.search_text %> q.text` : Prisma.empty}`;

/**
 * SQL: the score of a service or campaign, or null if it doesn't match. Looked up in one object: the planner expects few
 * matches, and would read all of them for each offer.
 */
export const scoreOf = (name: string, id: Prisma.Sql): Prisma.Sql =>
  Prisma.sql`((SELECT scores FROM ${Prisma.raw(name)}_scores) ->> ${id}::text)::float8`;

/**
 * SQL: how well a row matches a text, from 0 to 1. The larger of two scores: by words (how many of them
 * occur, and with a small weight how prominently), or by spelling. If all words occur, the spelling can't score more, and
 * isn't compared: that takes most of a search's time.
 */
const score = (t: Prisma.Sql, bySpelling: boolean): Prisma.Sql => Prisma.sql`greatest(
  ${WORDS_WEIGHT} * coalesce((SELECT avg((${t}.search_vector @@ word)::int) FROM unnest(q.words) AS word), 0)
    + ${RANK_WEIGHT} * ts_rank(${t}.search_vector, q.query, ${RANK_BELOW_1}),
  ${bySpelling ? Prisma.sql`CASE WHEN ${t}.search_vector @@ q.every_word THEN 0 ELSE ${SPELLING_WEIGHT} * word_similarity(q.text, ${t}.search_text) END` : Prisma.sql`0`})`;

/** SQL: a query for all of the keywords. It knows the operators of web search engines: quotes, `or`, `-`. */
export const keywordQuery = (q: string): Prisma.Sql => Prisma.sql`websearch_to_tsquery('english', ${q})`;
/** SQL: a query for any word of a sentence. */
export const intentQuery = (intent: string): Prisma.Sql =>
  Prisma.sql`replace(plainto_tsquery('english', ${intent})::text, '&', '|')::tsquery`;
