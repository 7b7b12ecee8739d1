import {
  bigint,
  boolean,
  double,
  integer,
  json,
  nullable,
  oneOf,
  text,
  texts,
  uuid,
  uuids,
} from "../../ports/sql-types.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";
import { fitsOnPage } from "../../protocol/large-pages.ts";
import { MOST_CANDIDATES, MOST_OFFERS_OF_SERVICE } from "./weights.ts";

// Conditions in place of lists: reading the lists of hundreds of offers takes longer than finding them.
const OFFER = {
  service_id: uuid,
  account_id: uuid,
  /** Null: the service's own open budget. */
  campaign_id: nullable(uuid),
  price_micros: bigint,
  /** From 0 to 1. */
  reliability: double,
  /** Whether all categories are in scope, and whether the wanted one is among them. */
  categories_in_scope: boolean,
  has_category: boolean,
  task_type: nullable(text),
  task_duration_seconds: nullable(integer),
  /** Whether all data types that the task requires are in scope, and whether the search allows them. */
  data_types_in_scope: boolean,
  data_types_allowed: boolean,
  /** Seconds since 1970. */
  created_at: double,
  has_money: boolean,
  eligible: boolean,
  has_calls_left: boolean,
  completed: boolean,
  preference: oneOf("preferred", "neutral", "avoided"),
};

const OFFER_PARAMS = {
  user_id: uuid,
  /** Null: no limit. */
  scope_categories: nullable(texts()),
  scope_data_types: nullable(texts()),
  category: nullable(text),
  allowed_data_types: nullable(texts()),
};

const OFFER_COLUMNS = `
           o.service_id, o.account_id, o.campaign_id, o.price_micros, o.reliability::float8 AS reliability,
           $scope_categories IS NULL OR o.categories <@ $scope_categories AS categories_in_scope,
           $category IS NULL OR $category = ANY(o.categories) AS has_category, o.task_type, o.task_duration_seconds,
           $scope_data_types IS NULL OR o.required_data_types <@ $scope_data_types AS data_types_in_scope,
           $allowed_data_types IS NULL OR o.required_data_types <@ $allowed_data_types AS data_types_allowed,
           extract(epoch FROM o.created_at)::float8 AS created_at, o.has_money, o.eligible, o.has_calls_left, o.completed, o.preference`;

/** SQL: the offers `o` of each service `wanted`. */
const OFFERS_OF_WANTED = `LATERAL (
       SELECT service_id, account_id, campaign_id, price_micros, reliability, categories, task_type, task_duration_seconds, required_data_types,
              created_at, has_money, eligible, has_calls_left, completed, preference
         FROM user_offers WHERE service_id = wanted.id AND user_id = $user_id
        ORDER BY completed DESC, has_money DESC, created_at, account_id LIMIT ${MOST_OFFERS_OF_SERVICE}) o`;

/** The offers of some services, as they are for one user: also those that the user can't use. */
export const listOffers = statement({
  name: "search.list-offers",
  limit: "search",
  params: { service_ids: uuids, ...OFFER_PARAMS },
  row: OFFER,
  text: `
    SELECT ${OFFER_COLUMNS}
      FROM unnest($service_ids) AS wanted (id)
     CROSS JOIN ${OFFERS_OF_WANTED}`,
});

/** The same of the best services, whatever somebody looks for. */
export const listBestOffers = statement({
  name: "search.list-best-offers",
  limit: "search",
  params: {
    /** What each has to match. Null: nothing. */
    must: nullable(text),
    ...OFFER_PARAMS,
  },
  row: {
    ...OFFER,
    /** How many services were looked at. */
    candidates: integer,
  },
  text: `
    SELECT ${OFFER_COLUMNS}, wanted.candidates
      FROM (SELECT id, count(*) OVER ()::integer AS candidates FROM (
             SELECT service_id AS id FROM search_entries WHERE $must IS NULL OR terms @@ $must::tsquery ORDER BY rank, service_id LIMIT ${MOST_CANDIDATES}
           ) best) wanted
     CROSS JOIN ${OFFERS_OF_WANTED}`,
});

export type OfferRow = RowOf<typeof listOffers>;

const SCHEMAS = {
  /** Null: left out, as one of the largest of the page. */
  input_schema: nullable(json<Record<string, unknown>>()),
  output_schema: nullable(json<Record<string, unknown>>()),
};

/**
 * SQL: the rows of a page, without the largest schemas: those of fifty services can have megabytes, which would be sent and parsed
 * only to be left out.
 * @param page a query of the rows
 */
const withoutLargeSchemas = (page: string): string => `
    WITH page AS MATERIALIZED (${page}), sized AS MATERIALIZED (
      SELECT page.*, length(input_schema::text) + coalesce(length(output_schema::text), 0) AS characters FROM page
    ), bounded AS (
      SELECT sized.*, ${fitsOnPage("characters", "service_id")} AS fits FROM sized
    )`;

/** What a page shows of each of its offers. An offer that ended meanwhile is left out. */
export const readOffers = statement({
  name: "search.read-offers",
  limit: "search",
  params: { service_ids: uuids, account_ids: uuids, most_characters: integer },
  row: {
    account_id: uuid,
    service_id: uuid,
    service_key: text,
    name: text,
    description: text,
    sponsor: text,
    required_task: nullable(text),
    /** Micros. */
    subsidy: bigint,
    categories: texts(),
    tags: texts(),
    ...SCHEMAS,
  },
  text: `
    ${withoutLargeSchemas(`
      SELECT o.account_id, a.id AS service_id, a.service_key, a.name, a.description, s.name AS sponsor, c.required_task,
             coalesce(c.subsidy_micros, a.price_micros) AS subsidy, a.categories,
             CASE WHEN c.id IS NULL THEN a.tags ELSE ARRAY(SELECT DISTINCT unnest(c.tags || a.tags) ORDER BY 1) END AS tags,
             a.input_schema, a.output_schema
        FROM unnest($service_ids, $account_ids) AS wanted (service_id, account_id)
        JOIN offers o ON o.service_id = wanted.service_id AND o.account_id = wanted.account_id
        JOIN sponsored_apis a ON a.id = o.service_id
        LEFT JOIN campaigns c ON c.id = o.campaign_id
        JOIN sponsors s ON s.id = coalesce(c.sponsor_id, a.sponsor_id)`)}
    SELECT account_id, service_id, service_key, name, description, sponsor, required_task, subsidy, categories, tags,
           CASE WHEN fits THEN input_schema END AS input_schema, CASE WHEN fits THEN output_schema END AS output_schema
      FROM bounded`,
});

/** Which of some services the caller can pay for directly. */
export const listDirect = statement({
  name: "search.list-direct",
  limit: "search",
  params: { service_ids: uuids },
  row: { service_id: uuid, service_key: text, price_micros: bigint, categories: texts() },
  text: `
    SELECT id AS service_id, service_key, price_micros, categories FROM sponsored_apis
     WHERE id = ANY($service_ids) AND active AND pay_to IS NOT NULL`,
});

/** What an answer shows of services that are paid for directly. */
export const readServices = statement({
  name: "search.read-services",
  limit: "search",
  params: { service_ids: uuids, most_characters: integer },
  row: {
    service_id: uuid,
    service_key: text,
    name: text,
    description: text,
    price_micros: bigint,
    categories: texts(),
    ...SCHEMAS,
  },
  text: `
    ${withoutLargeSchemas(`
      SELECT id AS service_id, service_key, name, description, price_micros, categories, input_schema, output_schema
        FROM sponsored_apis WHERE id = ANY($service_ids)`)}
    SELECT service_id, service_key, name, description, price_micros, categories,
           CASE WHEN fits THEN input_schema END AS input_schema, CASE WHEN fits THEN output_schema END AS output_schema
      FROM bounded`,
});

/** The categories of the catalogue that a session may use, most common first. */
export const listCategories = statement({
  name: "search.list-categories",
  limit: "search",
  params: {
    /** Null: no limit. */
    scope_categories: nullable(texts()),
    most: integer,
  },
  row: { category: text },
  text: `
    SELECT substr(term, 2) AS category FROM search_terms
     WHERE term ^@ '@' AND services > 0 AND ($scope_categories IS NULL OR substr(term, 2) = ANY($scope_categories))
     ORDER BY services DESC, term LIMIT $most`,
});
