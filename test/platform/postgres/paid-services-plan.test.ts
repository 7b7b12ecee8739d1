import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase } from "../../support/database.ts";
import type { PlanNode } from "../../support/plans.ts";
import { planSteps, statementNamed } from "../../support/plans.ts";

/** Anybody may list what is for sale, so a page reads its own rows of the catalogue, however large that is. */

const SERVICES = 20_000;

let database: TestDatabase;
let owner: pg.Client;
beforeAll(async () => {
  database = await createDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  // Services of one sponsor, without the row that they refer to. One in ten is paused.
  await owner.query(`
    SET session_replication_role = replica;
    INSERT INTO sponsored_apis (sponsor_id, service_key, name, description, upstream_url, upstream_method, price_micros, input_schema,
                                sample_input, timeout_ms, network, asset, pay_to, active, categories, tags, created_at)
    SELECT '00000000-0000-4000-8000-000000000001', 'service-' || n, '', '', '', 'GET', 20000, '{}', '{}', 1000, 'eip155:1', '0x1',
           '0x2', n % 10 > 0, '{}', '{}', now() - n * interval '1 second'
      FROM generate_series(1, ${SERVICES}) n`);
  await owner.query("VACUUM ANALYZE sponsored_apis");
}, 120_000);
afterAll(async () => {
  await owner.end();
  await database.close();
});

test.each([
  ["sponsored-api.list-paid", "(20, 40, 524288)", 60],
  ["sponsored-api.list-paid-keys", "(1000)", 1_000],
])(
  "%s%s reads %d entries of the index of services for sale, and no other service",
  async (name, values, read) => {
    await owner.query(`DEALLOCATE ALL; PREPARE listed AS ${statementNamed(name).text}`);
    const { rows } = await owner.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE listed${values}`,
    );
    const nodes = planSteps(rows);
    const found = nodes.filter((node) => node["Index Name"] === "sponsored_apis_paid");
    expect(found).toMatchObject([{ "Actual Rows": read }]);
    expect(nodes.filter((node) => node["Node Type"] === "Seq Scan")).toEqual([]);
  },
);
