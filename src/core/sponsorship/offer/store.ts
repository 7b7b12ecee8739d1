import { boolean, integer, uuid, uuids } from "../../ports/sql-types.ts";
import { LABELS } from "../../protocol/search-text/index.ts";
import { statement } from "../../ports/statement.ts";

const ALL_LABELS = `'{${LABELS.join(",")}}'::text[]`;
/** SQL: the labels of an entry's tier. A search for something frequent reads entries with more of them first. */
export const labelsOf = (tier: string): string => `array_to_tsvector((${ALL_LABELS})[1:4 - ${tier}])`;

/** The price, in micros, that halves how good a service is without regard to what somebody looks for. */
const HALF_AS_GOOD_AT = "50000.0";

/** Locks services' entries until the transaction ends. Two changes of one service see each other's rows after it. */
export const lockEntries = statement({
  name: "offer.lock-entries",
  limit: "money",
  params: { service_ids: uuids },
  row: {},
  text: `SELECT FROM search_entries WHERE service_id = ANY($service_ids) ORDER BY service_id FOR NO KEY UPDATE`,
});

/**
 * Makes the offers of services what the view says. Returns how many rows were wrong. The entries are locked, and in an earlier
 * statement: this one has to see what others committed until then.
 */
export const replaceOffers = statement({
  name: "offer.replace",
  limit: "money",
  params: { service_ids: uuids },
  row: { changed: integer },
  text: `
    WITH present AS MATERIALIZED (
      SELECT service_id, account_id, campaign_id, price_micros, expected_cost_micros, reliability, categories, task_type, task_duration_seconds,
             required_data_types, target_roles, target_tools, max_calls_per_user, created_at
        FROM current_offers WHERE service_id = ANY($service_ids)
    ), gone AS (
      DELETE FROM offers o WHERE o.service_id = ANY($service_ids)
         AND NOT EXISTS (SELECT FROM present p WHERE p.service_id = o.service_id AND p.account_id = o.account_id)
      RETURNING o.service_id
    ), kept AS (
      INSERT INTO offers AS o (service_id, account_id, campaign_id, price_micros, expected_cost_micros, reliability, categories, task_type,
                               task_duration_seconds, required_data_types, target_roles, target_tools, max_calls_per_user, created_at)
      SELECT service_id, account_id, campaign_id, price_micros, expected_cost_micros, reliability, categories, task_type,
             task_duration_seconds, required_data_types, target_roles, target_tools, max_calls_per_user, created_at FROM present
      ON CONFLICT (service_id, account_id) DO UPDATE SET
             price_micros = excluded.price_micros, expected_cost_micros = excluded.expected_cost_micros, reliability = excluded.reliability,
             categories = excluded.categories, task_duration_seconds = excluded.task_duration_seconds,
             target_roles = excluded.target_roles, target_tools = excluded.target_tools, max_calls_per_user = excluded.max_calls_per_user
       WHERE (o.price_micros, o.expected_cost_micros, o.reliability, o.categories, o.task_duration_seconds, o.target_roles, o.target_tools, o.max_calls_per_user)
             IS DISTINCT FROM (excluded.price_micros, excluded.expected_cost_micros, excluded.reliability, excluded.categories,
                               excluded.task_duration_seconds, excluded.target_roles, excluded.target_tools, excluded.max_calls_per_user)
      RETURNING o.service_id
    )
    SELECT ((SELECT count(*) FROM gone) + (SELECT count(*) FROM kept))::int AS changed`,
});

/**
 * Ranks services among all, after their offers are as they should be. What a call would reserve meanwhile isn't looked at: it
 * comes and goes. Writes only rows that change.
 */
export const placeEntries = statement({
  name: "offer.place-entries",
  limit: "money",
  params: { service_ids: uuids },
  row: {},
  text: `
    WITH ranked AS (
      SELECT a.id, payable.own_budget,
             (CASE WHEN payable.any_budget THEN 0 ELSE 1 END + 0.999 * (1 - a.reliability / (1 + a.price_micros / ${HALF_AS_GOOD_AT}))
               + (hashtext(a.id::text) & 1023) / 1048576.0)::real AS rank
        FROM sponsored_apis a
       CROSS JOIN LATERAL (
         SELECT count(*) > 0 AS any_budget, count(*) FILTER (WHERE o.campaign_id IS NULL) > 0 AS own_budget
           FROM offers o JOIN budget_accounts b ON b.id = o.account_id
          WHERE o.service_id = a.id AND b."limit" - b.spent >= o.expected_cost_micros) payable
       WHERE a.id = ANY($service_ids)
    ), placed AS (
      SELECT ranked.id, ranked.own_budget, ranked.rank,
             CASE WHEN ranked.rank >= 1 THEN 4 WHEN ranked.rank < cuts[1] THEN 0 WHEN ranked.rank < cuts[2] THEN 1 WHEN ranked.rank < cuts[3] THEN 2
                  ELSE 3 END AS tier
        FROM ranked, (SELECT rank_cuts AS cuts FROM search_catalogue WHERE id = 1) catalogue
    )
    UPDATE search_entries e SET own_budget = placed.own_budget, rank = placed.rank, tier = placed.tier,
           terms = CASE WHEN e.tier = placed.tier THEN e.terms ELSE ts_delete(e.terms, ${ALL_LABELS}) || ${labelsOf("placed.tier")} END
      FROM placed WHERE e.service_id = ANY($service_ids) AND e.service_id = placed.id AND (e.own_budget, e.rank, e.tier) IS DISTINCT FROM (placed.own_budget, placed.rank, placed.tier)`,
});

/** The services that budgets pay for. */
export const servicesOfAccounts = statement({
  name: "offer.services-of-accounts",
  limit: "money",
  params: { account_ids: uuids },
  row: { service_id: uuid },
  text: `
    SELECT id AS service_id FROM sponsored_apis WHERE budget_account_id = ANY($account_ids)
    UNION
    SELECT s.sponsored_api_id FROM campaigns c JOIN campaign_services s ON s.campaign_id = c.id WHERE c.budget_account_id = ANY($account_ids)`,
});

/** The budgets that money was added to or taken out of lately, without what was spent. Only the newest transfers are read. */
export const changedBudgets = statement({
  name: "offer.changed-budgets",
  limit: "job",
  params: { most_transfers: integer, seconds: integer },
  row: { account_id: uuid },
  text: `
    SELECT DISTINCT l.budget_account_id AS account_id
      FROM (SELECT kind, from_account_id, to_account_id, created_at FROM ledger_transfers ORDER BY id DESC LIMIT $most_transfers) t
      JOIN ledger_accounts l ON l.id IN (t.from_account_id, t.to_account_id) AND l.budget_account_id IS NOT NULL
     WHERE t.kind <> 'spend' AND t.created_at > now() - make_interval(secs => $seconds)`,
});

/** A slice of all services, by id, and whether each has an entry. */
export const sliceOfServices = statement({
  name: "offer.slice",
  limit: "job",
  params: { after: uuid, most: integer },
  row: { service_id: uuid, has_entry: boolean },
  text: `
    SELECT a.id AS service_id, e.service_id IS NOT NULL AS has_entry
      FROM sponsored_apis a LEFT JOIN search_entries e ON e.service_id = a.id
     WHERE a.id > $after ORDER BY a.id LIMIT $most`,
});
