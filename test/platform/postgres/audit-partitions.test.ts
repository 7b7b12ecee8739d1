import { afterEach, beforeEach, expect, test } from "vitest";
import { readMonthsAhead } from "../../../src/core/observability/audit/index.ts";
import { addAuditPartitions, MONTHS_AHEAD } from "../../../src/platform/postgres/audit-partitions.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase, queryRows } from "../../support/database.ts";

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.close());

const query = (sql: string, values?: unknown[]) =>
  queryRows(database.url, sql, values) as Promise<Record<string, unknown>[]>;

/** The name of the partition of a month: 0 for this one, 1 for the next. */
async function nameOf(month: number): Promise<string> {
  const [row] = await query(
    `SELECT to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => $1), '"agent_audit_logs_"YYYY_MM') AS name`,
    [month],
  );
  return String(row?.["name"]);
}

const insertInto = (month: number, operation: string) =>
  queryRows(
    database.serverUrl,
    `INSERT INTO agent_audit_logs (surface, operation, endpoint, request_summary, response_status, created_at)
     VALUES ('agent', $1, '/', '{}', 200, date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + make_interval(months => $2, days => 3))`,
    [operation, month],
  );

const placesOf = async (): Promise<Record<string, unknown>> =>
  Object.fromEntries(
    (await query("SELECT operation, tableoid::regclass::text AS place FROM agent_audit_logs")).map(
      ({ operation, place }) => [operation, place],
    ),
  );

/** Drops the partitions of all months from this one on. */
async function dropFrom(month: number): Promise<void> {
  for (let next = month; next <= MONTHS_AHEAD; next += 1)
    await query(`DROP TABLE IF EXISTS ${await nameOf(next)}`);
}

test("a migrated database has partitions for the next months, and adding them again changes nothing", async () => {
  expect(await readMonthsAhead(database.sql)).toBe(MONTHS_AHEAD);
  expect(await addAuditPartitions(database.url)).toEqual([]);
  await insertInto(MONTHS_AHEAD, "last");
  expect(await placesOf()).toEqual({ last: await nameOf(MONTHS_AHEAD) });
});

test("rows of months without a partition are in the default one, and move to their partition when it is added", async () => {
  await dropFrom(4);
  expect(await readMonthsAhead(database.sql)).toBe(3);
  await insertInto(4, "soon");
  await insertInto(5, "later");
  await insertInto(20, "far");
  const inDefault = "agent_audit_logs_default";
  expect(await placesOf()).toEqual({ soon: inDefault, later: inDefault, far: inDefault });

  const names = [await nameOf(4), await nameOf(5), await nameOf(6), await nameOf(20)];
  expect(await addAuditPartitions(database.url)).toEqual(names);
  expect(await placesOf()).toEqual({ soon: names[0], later: names[1], far: names[3] });
  for (const table of [...names, inDefault])
    await expect(query(`DELETE FROM ${table}`)).rejects.toThrow(/only grows/);
});

test("several servers that add partitions at once add each once", async () => {
  await dropFrom(3);
  const added = await Promise.all(Array.from({ length: 5 }, () => addAuditPartitions(database.url)));
  expect(added.flat()).toHaveLength(4);
  expect(await readMonthsAhead(database.sql)).toBe(MONTHS_AHEAD);
});

test("the servers' role adds no partition, and can't touch one", async () => {
  await dropFrom(5);
  expect(await addAuditPartitions(database.serverUrl)).toEqual([]);
  expect(await readMonthsAhead(database.sql)).toBe(4);
  const next = await nameOf(3);
  for (const forbidden of [
    `INSERT INTO ${next} SELECT * FROM agent_audit_logs`,
    `UPDATE ${next} SET calls = 1`,
    `DELETE FROM ${next}`,
    `DROP TABLE ${next}`,
    `ALTER TABLE agent_audit_logs DETACH PARTITION ${next}`,
    "SELECT add_audit_partitions(9)",
  ])
    await expect(queryRows(database.serverUrl, forbidden), forbidden).rejects.toThrow(
      /permission denied|must be owner/,
    );
});
