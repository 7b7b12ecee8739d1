import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Scopes } from "../../context.ts";
import type { Database } from "../../ports/database.ts";
import { inSql, intentQuery, keywordQuery, RANK_BELOW_1, scoreOf, textMatches } from "./text-match-store.ts";

/** A search result: a service and the campaign, or open budget, that would pay for it. */
export interface OfferRow {
  service_type: "campaign" | "sponsored_api";
  service_id: string;
  service_key: string;
  name: string;
  description: string;
  sponsor: string;
  required_task: string | null;
  task_type: string | null;
  /** Micros: the most that the sponsor pays for a call. */
  subsidy: bigint;
  /** Micros: the most that a call costs. */
  price: bigint;
  categories: string[];
  tags: string[];
  /** Seconds. */
  task_duration: number | null;
  /** Whether the user can run it without doing a task first. */
  completed: boolean;
  input_schema: Record<string, unknown>;
  output_schema: Record<string, unknown> | null;
  /** From 0 to 1. */
  relevance: number;
  /** How many results there are in all. */
  total: bigint;
}

/** Whose id stands in the view `service_payers` for nobody in particular. */
export const NOBODY = "00000000-0000-0000-0000-000000000000";

/** The user and session that search. */
export interface Viewer {
  /** `NOBODY`: only campaigns for every user are found. */
  userId: string;
  /** Null: no limit. */
  scopes: Scopes | null;
  /** Micros that the session can still spend. Null: not known. */
  remainingMicros: bigint | null;
}

export interface Search {
  q: string | undefined;
  category: string | undefined;
  intent: string | undefined;
  preferredTaskTypes: string[] | undefined;
  maxTaskSeconds: number | undefined;
  allowedDataTypes: string[] | undefined;
  maxBudgetMicros: bigint | undefined;
  /** Only services that can be run without doing a task first. */
  readyOnly: boolean;
  offset: number;
  limit: number;
}

/** Weights of the relevance: they add up to 1 (R10.4). */
const TEXT_WEIGHT = inSql(0.4);
const BUDGET_WEIGHT = inSql(0.3);
const PREFERENCE_WEIGHT = inSql(0.3);
/**
 * Budget fit from 0 (the price takes the whole budget) to 1 (free). This one holds if the budget isn't known.
 */
const UNKNOWN_BUDGET_FIT = inSql(0.5);
/** A preferred task type counts 1, a neutral one this. Avoided ones aren't found. */
const NEUTRAL_PREFERENCE = inSql(0.5);

/** How much a match in the campaign's text counts, compared with a match in the service's text. */
const CAMPAIGN_TEXT_WEIGHT = inSql(0.5);
/** Delivered calls that every upstream's reliability starts with. */
const ASSUMED_GOOD_CALLS = inSql(5);

/** The condition, if a filter has a value. */
const when = (value: unknown, condition: Prisma.Sql): Prisma.Sql =>
  value === undefined ? Prisma.empty : condition;

/**
 * SQL: an upstream's reliability from 0 to 1. 1 means every paid call was delivered, or there were none yet.
 * Each undelivered call lowers it. Some assumed good calls keep one failure of a new upstream from lowering
 * it too much.
 */
const reliability = Prisma.sql`(${ASSUMED_GOOD_CALLS} + a.paid_calls - a.undelivered_calls)::numeric / (${ASSUMED_GOOD_CALLS} + a.paid_calls)`;

/**
 * Lists the offers that this session could use, best first. PostgreSQL matches, filters and scores them. The
 * relevance is the weighted sum of text, budget fit and the user's preference (R10.4), times the upstream's
 * reliability.
 */
export async function searchOffers(db: Database, viewer: Viewer, s: Search): Promise<OfferRow[]> {
  const { scopes, userId } = viewer;
  const budget = s.maxBudgetMicros ?? viewer.remainingMicros;
  const texts = [
    ...(s.q === undefined ? [] : [{ name: "q", sql: textMatches("q", s.q, keywordQuery(s.q)) }]),
    ...(s.intent === undefined
      ? []
      : [{ name: "intent", sql: textMatches("intent", s.intent, intentQuery(s.intent)) }]),
  ];
  const matched = texts.map(
    ({ name }) =>
      Prisma.sql`AND (o.api_id IN (SELECT id FROM ${Prisma.raw(name)}_services) OR o.campaign_id IN (SELECT id FROM ${Prisma.raw(name)}_campaigns))`,
  );
  // A search is for a service. So a match in its campaign's text counts less.
  const textScores = texts.map(
    ({ name }) =>
      Prisma.sql`greatest(${scoreOf(name, Prisma.sql`o.api_id`)}, ${CAMPAIGN_TEXT_WEIGHT} * ${scoreOf(name, Prisma.sql`o.campaign_id`)}, 0)`,
  );
  const text =
    texts.length === 0
      ? Prisma.sql`1.0`
      : Prisma.sql`(${Prisma.join(textScores, " + ")}) / ${texts.length}::float8`;

  const query = Prisma.sql`
    WITH ${
      texts.length === 0
        ? Prisma.empty
        : Prisma.sql`${Prisma.join(
            texts.map(({ sql }) => sql),
            ", ",
          )},`
    } offers AS (
      SELECT CASE WHEN p.campaign_id IS NULL THEN 'sponsored_api' ELSE 'campaign' END AS service_type,
             coalesce(p.campaign_id, a.id) AS service_id, p.campaign_id, a.id AS api_id, a.service_key, a.name, a.description,
             p.sponsor, c.required_task, p.task_type, coalesce(p.subsidy_micros, a.price_micros) AS subsidy, a.price_micros AS price, a.categories,
             CASE WHEN p.campaign_id IS NULL THEN a.tags ELSE ARRAY(SELECT DISTINCT unnest(c.tags || a.tags) ORDER BY 1) END AS tags,
             c.estimated_task_duration_seconds AS task_duration, p.completed, a.input_schema, a.output_schema, coalesce(f.level, 'neutral') AS preference,
             p.created_at, ${reliability} AS reliability
        FROM service_payers p
        JOIN sponsored_apis a ON a.id = p.sponsored_api_id
        LEFT JOIN campaigns c ON c.id = p.campaign_id
        LEFT JOIN user_task_preferences f ON f.user_id = p.user_id AND f.task_type = p.task_type
       WHERE p.user_id = ${userId}::uuid AND p.active AND p.covers_price AND p.eligible AND p.has_money AND p.has_calls_left
         ${scopes === null ? Prisma.empty : Prisma.sql`AND p.categories <@ ${scopes.categories}::text[]`}
         ${when(s.category, Prisma.sql`AND ${s.category} = ANY(p.categories)`)}
         ${when(s.maxBudgetMicros, Prisma.sql`AND p.price_micros <= ${s.maxBudgetMicros}::bigint`)}
         AND coalesce(f.level, 'neutral') <> 'avoided'
         ${
           scopes === null
             ? Prisma.empty
             : Prisma.sql`AND (p.completed OR (p.task_type = ANY(${scopes.taskTypes}::text[]) AND c.required_data_types <@ ${scopes.dataTypes}::text[]))`
         }
         ${when(s.preferredTaskTypes, Prisma.sql`AND p.task_type = ANY(${s.preferredTaskTypes ?? []}::text[])`)}
         ${when(s.maxTaskSeconds, Prisma.sql`AND (p.completed OR c.estimated_task_duration_seconds <= ${s.maxTaskSeconds ?? 0}::int)`)}
         ${when(s.allowedDataTypes, Prisma.sql`AND (p.completed OR c.required_data_types <@ ${s.allowedDataTypes ?? []}::text[])`)}
         ${s.readyOnly ? Prisma.sql`AND p.completed` : Prisma.empty}
    ), scored AS (
      SELECT o.*, round((${TEXT_WEIGHT} * least(1, ${text})
             + ${BUDGET_WEIGHT} * CASE WHEN o.price = 0 THEN 1 WHEN ${budget}::bigint IS NULL THEN ${UNKNOWN_BUDGET_FIT} WHEN ${budget}::bigint <= 0 THEN 0
                          ELSE greatest(0, 1 - o.price::float8 / ${budget}::bigint) END
             + ${PREFERENCE_WEIGHT} * CASE o.preference WHEN 'preferred' THEN 1 ELSE ${NEUTRAL_PREFERENCE} END)::numeric * o.reliability, 4)::float8 AS relevance
        FROM offers o WHERE true ${matched.length === 0 ? Prisma.empty : Prisma.join(matched, " ")}
    )
    SELECT service_type, service_id, service_key, name, description, sponsor, required_task, task_type, subsidy, price, categories, tags,
           task_duration, completed, input_schema, output_schema, relevance, count(*) OVER () AS total
      FROM scored
     ORDER BY relevance DESC, completed DESC, created_at, service_id, service_key
     LIMIT ${s.limit} OFFSET ${s.offset}`;
  return inTime(db, query);
}

export interface DirectRow {
  service_key: string;
  name: string;
  description: string;
  price_micros: bigint;
  categories: string[];
  input_schema: Record<string, unknown>;
  output_schema: Record<string, unknown> | null;
}

/** Lists services that the caller can pay for directly, with or without a sponsor, best match first. */
export async function searchDirect(db: Database, scopes: Scopes | null, s: Search): Promise<DirectRow[]> {
  const wanted = [s.q, s.intent].filter((text) => text !== undefined).join(" ");
  const query = intentQuery(wanted);
  const found = Prisma.sql`
    SELECT service_key, name, description, price_micros, categories, input_schema, output_schema FROM sponsored_apis a
     WHERE a.active AND a.pay_to IS NOT NULL
       ${scopes === null ? Prisma.empty : Prisma.sql`AND a.categories <@ ${scopes.categories}::text[]`}
       ${when(s.category, Prisma.sql`AND ${s.category} = ANY(a.categories)`)}
       ${when(s.maxBudgetMicros, Prisma.sql`AND a.price_micros <= ${s.maxBudgetMicros}::bigint`)}
       ${wanted === "" ? Prisma.empty : Prisma.sql`AND (a.search_vector @@ ${query} OR a.search_text %> lower(${wanted}))`}
     ORDER BY ts_rank(a.search_vector, ${query}, ${RANK_BELOW_1}) DESC, price_micros, service_key LIMIT ${s.limit}`;
  return inTime(db, found);
}

/** Runs a search. PostgreSQL cancels one that takes more than a second (57014), so that no search holds up others for long. */
async function inTime<Row>(db: Database, search: Prisma.Sql): Promise<Row[]> {
  const [, rows] = await db.$transaction([
    db.$executeRaw`SET LOCAL statement_timeout = '1s'`,
    db.$queryRaw<Row[]>(search),
  ]);
  return rows;
}
