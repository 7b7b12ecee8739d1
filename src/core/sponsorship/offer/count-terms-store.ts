import { double, integer } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** How many services there are. */
export const countEntries = statement({
  name: "offer.count-entries",
  limit: "job",
  params: {},
  row: { services: integer },
  text: `SELECT count(*)::int AS services FROM search_entries`,
});

/**
 * Counts how many services have each term, over all of them. A term that none has is set to 0; one that was 0 before and isn't
 * used again is deleted. So what a service adds meanwhile stays.
 */
export const countAllTerms = statement({
  name: "offer.count-all-terms",
  limit: "job",
  params: {},
  row: {},
  text: `
    WITH counted AS MATERIALIZED (
      SELECT word AS term, ndoc AS services FROM ts_stat('SELECT terms FROM search_entries')
    ), unused AS (
      DELETE FROM search_terms t WHERE t.services = 0 AND NOT EXISTS (SELECT FROM counted c WHERE c.term = t.term)
    ), forgotten AS (
      UPDATE search_terms t SET services = 0 WHERE t.services > 0 AND NOT EXISTS (SELECT FROM counted c WHERE c.term = t.term)
    )
    INSERT INTO search_terms AS t (term, services) SELECT term, services FROM counted
    ON CONFLICT (term) DO UPDATE SET services = excluded.services WHERE t.services <> excluded.services`,
});

/** Estimates the same from a part of a large catalogue. Terms that the part doesn't have keep their number. */
export const estimateTerms = statement({
  name: "offer.estimate-terms",
  limit: "job",
  params: { percent: double },
  row: {},
  text: `
    INSERT INTO search_terms AS t (term, services)
    SELECT word, ceil(ndoc * 100 / $percent)::int FROM ts_stat(format('SELECT terms FROM search_entries TABLESAMPLE SYSTEM (%s)', $percent))
    ON CONFLICT (term) DO UPDATE SET services = excluded.services WHERE abs(t.services - excluded.services) > excluded.services / 10`,
});

/**
 * Stores how large the catalogue is, and where the best 1/64, 1/16 and 1/4 of the services that a budget can pay for end. Entries
 * are placed by them as they change and as they are compared.
 */
export const storeCatalogue = statement({
  name: "offer.store-catalogue",
  limit: "job",
  params: { services: integer, least_ranked: integer },
  row: {},
  text: `
    UPDATE search_catalogue SET services = $services, rank_cuts = CASE WHEN payable.services < $least_ranked THEN '{}' ELSE
             ARRAY(SELECT (SELECT rank FROM search_entries WHERE rank < 1 ORDER BY rank, service_id OFFSET payable.services / part LIMIT 1)
                     FROM unnest(ARRAY[64, 16, 4]) WITH ORDINALITY AS parts (part, position) ORDER BY position) END
      FROM (SELECT count(*)::int AS services FROM search_entries WHERE rank < 1) payable WHERE id = 1`,
});
