import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { migrateDeploy } from "../../../src/platform/postgres/migrate.ts";
import { createEmptyDatabase, MIGRATIONS, queryRows, restrictServers } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";

/** The migrations that partition the audit log, on a populated database that servers work with. */

const BOUND = "20261127031000_audit_partition_bound";
const KEY = "20261127031100_audit_partition_key";
const CHECKED = "20261127031200_audit_partition_checked";
const PARTITIONS = "20261127031300_audit_partitions";

/** The rights on tables that came later. */
const LATER_TABLES =
  /^(GRANT DELETE|REVOKE UPDATE) ON (offers|accounts|notices|webhook_endpoints|sponsor_members|sponsor_audit_logs|operator_audit_logs|verdict_secrets)\b.*;$/gm;

const COLUMNS = `id, agent_session_id, grant_id, agent_id, user_id, surface, operation, endpoint, request_summary,
  response_status, error_code, created_at, calls, client, counted_since`;
const INSERT = `INSERT INTO agent_audit_logs (grant_id, surface, operation, endpoint, request_summary, response_status)
  VALUES ($1, 'agent', 'agent_flow_status', '/agent/flow/status', '{"limit": 5}', 200)`;

/** A database as the release before left it: with rows of two years, and the servers' role. */
async function createPopulated() {
  const connectionString = await createEmptyDatabase();
  const directory = mkdtempSync(path.join(tmpdir(), "tollfree-migrations-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const copy = (wanted: (name: string) => boolean): void => {
    for (const name of readdirSync(MIGRATIONS).filter(wanted))
      cpSync(path.join(MIGRATIONS, name), path.join(directory, name), { recursive: true });
  };
  const migrate = () => migrateDeploy({ connectionString, directory });
  copy((name) => name < BOUND);
  await migrate();
  await restrictServers(connectionString, LATER_TABLES);
  const serverUrl = new URL(connectionString);
  [serverUrl.username, serverUrl.password] = ["tollfree_app", "tollfree_app"];
  const query = (sql: string, values?: unknown[]) =>
    queryRows(connectionString, sql, values) as Promise<Record<string, unknown>[]>;
  await query(
    `INSERT INTO agent_audit_logs (grant_id, agent_id, surface, operation, endpoint, request_summary, response_status, created_at)
     SELECT gen_random_uuid(), gen_random_uuid(), 'agent', 'agent_get_task', '/agent/tasks/x', '{"a": 1}', 200,
            now() - n * interval '1 day' FROM generate_series(0, 700) AS n`,
  );
  await query(
    `INSERT INTO agent_audit_logs (surface, operation, endpoint, request_summary, response_status, calls, client, counted_since)
     VALUES ('gpt', 'gpt_auth', '*', '{}', 401, 9, 'somebody', now())`,
  );
  return {
    connectionString,
    serverUrl: serverUrl.href,
    query,
    rows: () => query(`SELECT ${COLUMNS} FROM agent_audit_logs ORDER BY created_at, id`),
    apply: async (...names: string[]) => {
      copy((name) => names.includes(name));
      expect(await migrate()).toEqual(names);
    },
  };
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

test("the old table becomes a partition as it is: no row is changed, copied or lost, and none is read under the lock", async () => {
  const { connectionString, query, rows, apply } = await createPopulated();
  const before = await rows();
  expect(before).toHaveLength(702);
  const [old] = await query("SELECT oid, relfilenode FROM pg_class WHERE relname = 'agent_audit_logs'");

  await apply(BOUND, KEY, CHECKED);
  const client = await connect(connectionString);
  const notices: string[] = [];
  client.on("notice", ({ message = "" }) => notices.push(message));
  await client.query("SET client_min_messages = debug1");
  await client.query(readFileSync(path.join(MIGRATIONS, PARTITIONS, "migration.sql"), "utf8"));
  expect(notices.join("\n")).toMatch(
    /partition constraint for table "agent_audit_logs_until_\d{4}_\d{2}" is implied by existing constraints/,
  );
  expect(
    notices.filter((notice) => /(verifying|building index).*agent_audit_logs_until/.test(notice)),
  ).toEqual([]);

  expect(await rows()).toEqual(before);
  expect(
    await query(
      "SELECT DISTINCT c.oid, c.relfilenode FROM agent_audit_logs l JOIN pg_class c ON c.oid = l.tableoid",
    ),
  ).toEqual([old]);
});

test("all partitions have the key, the index and the checks, and only grow", async () => {
  const { query, apply } = await createPopulated();
  await apply(BOUND, KEY, CHECKED, PARTITIONS);
  const partitions = (await query(
    "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'agent_audit_logs'::regclass ORDER BY 1",
  )) as { name: string }[];
  const names = partitions.map(({ name }) => name);
  expect(names.filter((name) => /_until_\d{4}_\d{2}$/.test(name))).toHaveLength(1);
  expect(names).toContain("agent_audit_logs_default");
  expect(names.length).toBeGreaterThanOrEqual(7);
  for (const table of ["agent_audit_logs", ...names]) {
    const indexes = await query("SELECT indexdef FROM pg_indexes WHERE tablename = $1 ORDER BY 1", [table]);
    expect(
      indexes.map(({ indexdef }) => String(indexdef).replace(/.* USING /, "")),
      table,
    ).toEqual(["btree (grant_id, created_at)", "btree (id, created_at)"]);
    const constraints = await query(
      "SELECT contype, convalidated FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('p', 'c') ORDER BY 1",
      [table],
    );
    expect(constraints, table).toEqual([
      { contype: "c", convalidated: true },
      { contype: "p", convalidated: true },
    ]);
    for (const change of [`UPDATE ${table} SET calls = 1`, `DELETE FROM ${table}`, `TRUNCATE ${table}`])
      await expect(query(change)).rejects.toThrow(/only grows/);
  }
  const bound =
    "SELECT pg_get_expr(relpartbound, oid) AS bound FROM pg_class WHERE relkind = 'r' AND relname ~ '_until_'";
  expect(await query(bound)).toEqual([
    { bound: expect.stringMatching(/^FOR VALUES FROM \(MINVALUE\) TO \('\d{4}-\d{2}-01 00:00:00\+00'\)$/) },
  ]);
});

test("a server that is connected goes on, with the rights it had and no others", async () => {
  const { serverUrl, query, apply } = await createPopulated();
  const server = await connect(serverUrl);
  const grantId = randomUUID();
  const insert = () => server.query({ name: "insert", text: INSERT, values: [grantId] });
  const count = async () =>
    (
      await server.query<{ n: number }>({
        name: "count",
        text: "SELECT count(*)::int AS n FROM agent_audit_logs WHERE grant_id = $1",
        values: [grantId],
      })
    ).rows[0]?.n;
  for (const [index, migration] of [BOUND, KEY, CHECKED, PARTITIONS].entries()) {
    await insert();
    expect(await count()).toBe(index + 1);
    await apply(migration);
  }
  await insert();
  expect(await count()).toBe(5);

  const [until] = await query("SELECT relname AS name FROM pg_class WHERE relname ~ '_until_\\d{4}_\\d{2}$'");
  const old = String(until?.["name"]);
  for (const forbidden of [
    "UPDATE agent_audit_logs SET calls = 1",
    "DELETE FROM agent_audit_logs",
    `INSERT INTO ${old} SELECT * FROM agent_audit_logs`,
    `UPDATE ${old} SET calls = 1`,
    `DELETE FROM ${old}`,
    `DROP TABLE ${old}`,
    `ALTER TABLE agent_audit_logs DETACH PARTITION ${old}`,
    `ALTER TABLE ${old} DISABLE TRIGGER ALL`,
    "INSERT INTO agent_audit_logs_default SELECT * FROM agent_audit_logs",
    "SELECT add_audit_partitions(99)",
  ])
    await expect(server.query(forbidden), forbidden).rejects.toThrow(/permission denied|must be owner/);
});

test("while a long read keeps the migration waiting, servers go on writing", async () => {
  const { connectionString, serverUrl, query, apply } = await createPopulated();
  await apply(BOUND, KEY, CHECKED);
  const reader = await connect(connectionString);
  await reader.query("BEGIN; SELECT count(*) FROM agent_audit_logs");
  let migrated = false;
  const migrating = apply(PARTITIONS).then(() => (migrated = true));
  await eventually(async () =>
    expect(
      await query("SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"),
    ).toHaveLength(1),
  );
  const server = await connect(serverUrl);
  const grantId = randomUUID();
  await server.query(INSERT, [grantId]);
  expect(migrated).toBe(false);
  await reader.query("COMMIT");
  await migrating;
  expect(await query("SELECT FROM agent_audit_logs WHERE grant_id = $1", [grantId])).toHaveLength(1);
});

test("three servers that start at once partition a populated database once", async () => {
  const { connectionString, rows } = await createPopulated();
  const before = await rows();
  const deploy = () => migrateDeploy({ connectionString, directory: MIGRATIONS });
  const applied = (await Promise.all([deploy(), deploy(), deploy()])).flat();
  expect(applied).toEqual(expect.arrayContaining([BOUND, KEY, CHECKED, PARTITIONS]));
  expect(new Set(applied).size).toBe(applied.length);
  expect(await rows()).toEqual(before);
});
