import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase } from "../../support/database.ts";
import type { PlanNode } from "../../support/plans.ts";
import { planSteps, statementNamed } from "../../support/plans.ts";

/** What limits undecided payments and withdrawals reads only those, however many are settled. */

const SETTLED = 100_000;

let database: TestDatabase;
let owner: pg.Client;
beforeAll(async () => {
  database = await createDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  // Rows of one sponsor, user, service and budget, without the rows that they refer to, and undecided payments of others.
  await owner.query(`
    SET session_replication_role = replica;
    INSERT INTO payments (service, sponsor_id, campaign_id, user_id, amount_micros, network, asset, pay_to, input_digest, created_at,
                          pay_from, nonce, valid_before, signed_at_block, upstream_status, status, settled_at, tx_hash)
    SELECT 'daylight', '${id(1)}', '${id(2)}', '${id(3)}', 20000, 'eip155:1', '0x1', '0x2', '', now() - interval '2 minutes',
           '0x3', n, 1, 1, 200, CASE WHEN n > ${SETTLED} THEN 'unknown' ELSE 'settled' END,
           CASE WHEN n <= ${SETTLED} THEN now() END, CASE WHEN n <= ${SETTLED} THEN '0x4' END
      FROM generate_series(1, ${SETTLED} + 7) n;
    INSERT INTO payments (service, sponsor_id, user_id, amount_micros, network, asset, pay_to, input_digest, status)
    SELECT 'service ' || n % 50, md5((n % 50)::text)::uuid, md5(n::text)::uuid, 20000, 'eip155:1', '0x1', '0x2', '', 'reserved'
      FROM generate_series(1, 5000) n;
    INSERT INTO payouts (kind, sponsor_id, budget_account_id, day_account_id, network, asset, pay_to, amount_micros,
                         pay_from, nonce, valid_before, signed_at_block, status, settled_at, tx_hash)
    SELECT 'withdrawal', '${id(1)}', '${id(4)}', md5((n / 10)::text)::uuid, 'eip155:1', '0x1', '0x2', 20000,
           '0x3', n, 1, 1, 'settled', now(), '0x4'
      FROM generate_series(1, ${SETTLED}) n;
    INSERT INTO sponsored_apis (id, sponsor_id, service_key, name, description, upstream_url, upstream_method, price_micros, input_schema, sample_input, timeout_ms, network, last_settled_at, categories, tags)
    VALUES ('${id(5)}', '${id(1)}', 'daylight', '', '', '', 'GET', 20000, '{}', '{}', 1000, 'eip155:1', now() - interval '1 day', '{}', '{}')`);
  await owner.query("ANALYZE");
}, 120_000);
afterAll(async () => {
  await owner.end();
  await database.close();
});

function id(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

async function explain(sql: string): Promise<PlanNode[]> {
  const { rows } = await owner.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(sql);
  return planSteps(rows);
}

test.each([
  ["reservation.read-facts", ["payments_of_rule", "payments_undecided"]],
  ["sponsored-api.read-unsettled", ["payments_unsettled"]],
  ["payout.withdraw", ["payouts_by_day", "payouts_open_withdrawals"]],
])("%s finds what is undecided by %j", async (name, indexes) => {
  const nodes = await explain(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${statementNamed(name).text}`);
  const used = nodes.flatMap(({ "Index Name": index = "" }) =>
    /^(payments|payouts)_/.test(index) ? [index] : [],
  );
  expect([...new Set(used)].sort()).toEqual(indexes);
  const scanned = nodes.filter(
    (node) => node["Node Type"] === "Seq Scan" && /^(payments|payouts)$/.test(node["Relation Name"] ?? ""),
  );
  expect(scanned).toEqual([]);
});

test("asking whether a service's signatures settle reads the seven that didn't, of a hundred thousand", async () => {
  await owner.query(`PREPARE unsettled AS ${statementNamed("sponsored-api.read-unsettled").text}`);
  const nodes = await explain("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE unsettled('daylight')");
  const read = nodes.filter((node) => node["Index Name"] === "payments_unsettled");
  expect(read).toMatchObject([{ "Actual Rows": 7 }]);
  expect(read[0]?.["Rows Removed by Filter"] ?? 0).toBe(0);
  const { rows } = await owner.query<{ paused: boolean }>("EXECUTE unsettled('daylight')");
  expect(rows).toEqual([{ paused: true }]);
});
