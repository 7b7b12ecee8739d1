import { bigint, integer, nullable, text, texts, timestamp } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";
import { fitsOnPage, MOST_CHARACTERS } from "../../protocol/large-pages.ts";

/** SQL condition on `sponsored_apis s`: it is active and costs something. An index has these services only. */
const PAID = "s.active AND s.pay_to IS NOT NULL";

/** SQL condition: it also has each of these words somewhere in its texts. No index helps to find parts of words. */
const HAS_WORDS = `${PAID} AND NOT EXISTS (
  SELECT FROM unnest($words, $patterns) AS w(word, pattern)
   WHERE NOT (s.name ILIKE w.pattern OR s.service_key ILIKE w.pattern OR s.description ILIKE w.pattern
              OR w.word = ANY(s.tags) OR lower(w.word) = ANY(s.tags) OR w.word = ANY(s.categories) OR lower(w.word) = ANY(s.categories)))`;

const PAGE = { most: integer, skip: integer, most_characters: bigint };
const WORDS = { words: texts(), patterns: texts() };

/**
 * Of a page, the largest schemas and samples are left out here, so that they are neither sent nor parsed: those of a hundred
 * services can have 20 MB. The others are sent as texts, to be parsed one by one.
 */
const pageOf = (condition: string): string => `
    WITH page AS MATERIALIZED (
      SELECT s.id FROM sponsored_apis s WHERE ${condition} ORDER BY s.created_at, s.id LIMIT $most OFFSET $skip
    ), sized AS MATERIALIZED (
      SELECT s.id, s.input_schema::text AS input_schema, s.sample_input::text AS sample_input
        FROM page JOIN sponsored_apis s ON s.id = page.id
    ), bounded AS (
      SELECT id, input_schema, sample_input,
             ${fitsOnPage("length(input_schema) + length(sample_input)", "id")} AS fits
        FROM sized
    )
    SELECT s.service_key AS "serviceKey", s.name, s.description, s.tags, s.categories, s.network, s.price_micros AS "priceMicros",
           s.last_quote_micros AS "lastQuoteMicros", s.created_at AS "createdAt",
           CASE WHEN b.fits THEN b.input_schema END AS "inputSchema", CASE WHEN b.fits THEN b.sample_input END AS "sampleInput"
      FROM bounded b JOIN sponsored_apis s ON s.id = b.id ORDER BY s.created_at, s.id`;

const ROW = {
  serviceKey: text,
  name: text,
  description: text,
  tags: texts(),
  categories: texts(),
  network: nullable(text),
  priceMicros: bigint,
  lastQuoteMicros: nullable(bigint),
  createdAt: timestamp,
  /** JSON. Null: left out, as one of the largest of the page. */
  inputSchema: nullable(text),
  sampleInput: nullable(text),
};

const listAll = statement({
  name: "sponsored-api.list-paid",
  limit: "search",
  params: PAGE,
  row: ROW,
  text: pageOf(PAID),
});

const countAll = statement({
  name: "sponsored-api.count-paid",
  limit: "search",
  params: {},
  row: { total: bigint },
  text: `SELECT count(*) AS total FROM sponsored_apis s WHERE ${PAID}`,
});

const listMatching = statement({
  name: "sponsored-api.list-paid-with-words",
  limit: "search",
  params: { ...PAGE, ...WORDS },
  row: ROW,
  text: pageOf(HAS_WORDS),
});

const countMatching = statement({
  name: "sponsored-api.count-paid-with-words",
  limit: "search",
  params: WORDS,
  row: { total: bigint },
  text: `SELECT count(*) AS total FROM sponsored_apis s WHERE ${HAS_WORDS}`,
});

/** A service that costs something, as it is listed. */
export type PaidApi = RowOf<typeof listAll>;

/** These characters have a meaning for `LIKE`. */
const escapeLike = (word: string): string => word.replace(/[\\%_]/g, "\\$&");

/** The most words that a search for paid services looks for. */
const MOST_WORDS = 10;

/** Lists active services that cost something and have all these words, oldest first, and counts them. Anybody may ask. */
export async function listPaidApis(
  sql: Sql,
  offset: number,
  limit: number,
  words: readonly string[],
): Promise<{ apis: PaidApi[]; total: number }> {
  const page = { most: limit, skip: offset, most_characters: BigInt(MOST_CHARACTERS) };
  if (words.length === 0) {
    const apis = await listAll.all(sql, page);
    return { apis, total: Number((await countAll.one(sql, {})).total) };
  }
  const sought = words.slice(0, MOST_WORDS);
  const matched = { words: sought, patterns: sought.map((word) => `%${escapeLike(word)}%`) };
  const apis = await listMatching.all(sql, { ...page, ...matched });
  return { apis, total: Number((await countMatching.one(sql, matched)).total) };
}

const listKeys = statement({
  name: "sponsored-api.list-paid-keys",
  limit: "search",
  params: { most: integer },
  row: { service_key: text },
  text: `SELECT s.service_key FROM sponsored_apis s WHERE ${PAID} ORDER BY s.created_at, s.id LIMIT $most`,
});

/** Lists the keys of active services that cost something, oldest first. */
export async function listPaidKeys(sql: Sql, limit: number): Promise<string[]> {
  return (await listKeys.all(sql, { most: limit })).map(({ service_key }) => service_key);
}
