import { integer, nullable, text, texts, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { LadderQuery } from "./ladder.ts";
import { MOST_RUNGS } from "./ladder.ts";
import { MOST_CANDIDATES } from "./weights.ts";

const RUNGS = Array.from({ length: MOST_RUNGS }, (_, index) => index);

const queryParams = Object.fromEntries(RUNGS.map((rung) => [`rung_${rung}`, nullable(text)] as const));
const tierParams = Object.fromEntries(RUNGS.map((rung) => [`tier_${rung}`, nullable(integer)] as const));

/**
 * Finds services that match the first of these queries, then further ones that match the next, until there are enough. It is planned
 * each time: which index is best depends on the queries and tiers, and those left out (null) cost nothing then.
 */
const findMatches = statement({
  name: "search.find-matches",
  limit: "search",
  planEachTime: true,
  params: {
    ...queryParams,
    ...tierParams,
    /** Queries of single terms, to be told which of them a service meets. */
    tests: texts(),
  },
  row: {
    service_id: uuid,
    /** A PostgreSQL array as text, such as `{t,f,t}`: one answer for each test. Reading it as an array takes longer. */
    met: text,
  },
  text: `
    SELECT e.service_id, ARRAY(SELECT e.terms @@ test FROM unnest($tests::tsquery[]) test)::text AS met
      FROM (SELECT service_id FROM (
             ${RUNGS.map((rung) => `(SELECT service_id FROM search_entries WHERE tier <= $tier_${rung} AND terms @@ $rung_${rung}::tsquery LIMIT ${MOST_CANDIDATES})`).join("\n             UNION ALL ")}
           ) rungs LIMIT ${MOST_CANDIDATES}) found
      JOIN search_entries e USING (service_id)`,
});

/** Finds services that match the queries, at most some hundreds: for each, which of the tests it meets. */
export const matchServices = (
  ctx: Parameters<typeof findMatches.all>[0],
  queries: readonly LadderQuery[],
  tests: string[],
): ReturnType<typeof findMatches.all> =>
  findMatches.all(ctx, {
    ...Object.fromEntries(RUNGS.map((rung) => [`rung_${rung}`, queries[rung]?.query ?? null])),
    ...Object.fromEntries(RUNGS.map((rung) => [`tier_${rung}`, queries[rung]?.tier ?? null])),
    tests,
  });

/** The best services, whatever somebody looks for. */
export const findBest = statement({
  name: "search.find-best",
  limit: "search",
  params: {
    /** What each has to match. Null: nothing. */
    must: nullable(text),
  },
  row: { service_id: uuid },
  text: `
    SELECT service_id FROM search_entries WHERE $must IS NULL OR terms @@ $must::tsquery ORDER BY rank, service_id LIMIT ${MOST_CANDIDATES}`,
});

/** Services that a user can run without doing a task first: those with a budget of their own, and those whose task is done. */
export const findReady = statement({
  name: "search.find-ready",
  limit: "search",
  params: { user_id: uuid, must: nullable(text), most: integer },
  row: { service_id: uuid },
  text: `
    (SELECT service_id FROM search_entries WHERE own_budget AND ($must IS NULL OR terms @@ $must::tsquery) ORDER BY rank, service_id LIMIT $most)
    UNION
    (SELECT DISTINCT o.service_id FROM task_completions t JOIN offers o ON o.campaign_id = t.campaign_id
      WHERE t.user_id = $user_id AND t.withdrawn_at IS NULL LIMIT $most)`,
});
