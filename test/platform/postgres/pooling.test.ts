import { expect, onTestFinished, test } from "vitest";
import { migrateDeploy } from "../../../src/platform/postgres/migrate.ts";
import { createPool } from "../../../src/platform/postgres/pool.ts";
import { createSqlPool } from "../../../src/platform/postgres/sql-pool.ts";
import type { Caller } from "../../support/caller.ts";
import { eventually } from "../../support/eventually.ts";
import { startPgBouncer } from "../../support/pgbouncer.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import { useWorld } from "../../support/use-world.ts";
import type { Running } from "../../../src/app/server.ts";
import { atOnce } from "../../support/at-once.ts";
import { expectSuccess } from "../../support/call.ts";
import { MIGRATIONS, runSql } from "../../support/database.ts";

const world = useWorld();

const SETTINGS = ["TimeZone = 'UTC'", "idle_in_transaction_session_timeout = '3s'"];

/** Gives the server's role the settings that a pooler in transaction mode doesn't keep, in the world's database only. */
async function setUpRole(): Promise<void> {
  const { url } = world.server.database;
  const name = new URL(url).pathname.slice(1);
  for (const setting of SETTINGS)
    await runSql(url, `ALTER ROLE tollfree_app IN DATABASE ${name} SET ${setting}`);
}

/** Starts a replica whose database connections go through PgBouncer. */
async function startBehind(
  mode: "session" | "transaction",
  prepareStatements: boolean,
): Promise<Running & { caller: Caller }> {
  const pgbouncer = await startPgBouncer(world.server.database.serverUrl, mode);
  onTestFinished(() => pgbouncer.close());
  const replica = await world.startReplica({ databaseUrl: pgbouncer.url, prepareStatements });
  onTestFinished(() => replica.stop());
  return replica;
}

/** Everything that a person, a sponsor and an agent do, many at once, through one replica. */
async function expectToWork({ caller }: { caller: Caller }): Promise<void> {
  const acme = await caller.createSponsor();
  const grant = await caller.createGrant({ budgetCents: 1_000 });
  const { token } = await caller.openSession(grant, { budgetCents: 1_000 });
  const service = await caller.registerApi(acme.key, world.upstream, "honest", { timeout_ms: 10_000 });
  await caller.completeTask(token, await caller.createCampaign(acme, [service]));
  const answers = await atOnce(12, (index) =>
    caller.run(token, service, { input: { place: `place ${index}` } }),
  );
  expect(answers.map(({ body }) => body.error_code ?? body.status)).toEqual(answers.map(() => "success"));
  const history = await caller.call("agent.auditHistory", { limit: 5 }, token);
  const [latest] = expectSuccess(history).entries as unknown as { created_at: string }[];
  // Times are right, whatever time zone a connection has.
  expect(Math.abs(Date.parse(latest?.created_at ?? "") - Date.now())).toBeLessThan(60_000);
  await eventually(() => expectBooksToBalance(world.db));
}

test("a server works through PgBouncer in session mode", { timeout: 60_000 }, async () => {
  await expectToWork(await startBehind("session", true));
});

test(
  "a server works through PgBouncer in transaction mode, without prepared statements",
  { timeout: 60_000 },
  async () => {
    await setUpRole();
    await expectToWork(await startBehind("transaction", false));
  },
);

test("a pooler that loses prepared statements is refused at start, with what to change", async () => {
  await setUpRole();
  await expect(startBehind("transaction", true)).rejects.toThrow(/Set DATABASE_PREPARE=false/);
});

test("a pooler in transaction mode is refused at start while the role lacks the settings of a connection", async () => {
  const { url } = world.server.database;
  const name = new URL(url).pathname.slice(1);
  await runSql(url, `ALTER ROLE tollfree_app IN DATABASE ${name} RESET ALL`);
  await expect(startBehind("transaction", false)).rejects.toThrow(
    /ALTER ROLE "tollfree_app" SET TimeZone = 'UTC'; ALTER ROLE "tollfree_app" SET idle_in_transaction_session_timeout = '3000'/,
  );
});

test("a start through a pooler in transaction mode migrates nothing, and says so if migrations are pending", async () => {
  const { url } = world.server.database;
  const pgbouncer = await startPgBouncer(url, "transaction");
  onTestFinished(() => pgbouncer.close());
  const migrate = () => migrateDeploy({ connectionString: pgbouncer.url, directory: MIGRATIONS });
  expect(await migrate()).toEqual([]);
  const last = "(SELECT migration_name FROM _prisma_migrations ORDER BY migration_name DESC LIMIT 1)";
  await runSql(url, `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = ${last}`);
  await expect(migrate()).rejects.toMatchObject({ code: "pooled" });
  await runSql(url, `UPDATE _prisma_migrations SET rolled_back_at = NULL WHERE migration_name = ${last}`);
});

test("a statement over its limit is cut off also through PgBouncer, and the connection stays usable", async () => {
  await setUpRole();
  const pgbouncer = await startPgBouncer(world.server.database.serverUrl, "transaction");
  onTestFinished(() => pgbouncer.close());
  const pool = createPool({ url: pgbouncer.url, size: 1, setUp: false });
  onTestFinished(() => pool.end());
  const sql = createSqlPool(pool, { prepare: false });
  const sleep = {
    name: "sleep",
    text: "SELECT 1 AS n FROM pg_sleep(20)",
    values: [],
    columns: [{ name: "n", type: "integer" }],
    limit: "search" as const,
  };
  await expect(sql.run(sleep)).rejects.toMatchObject({ code: "57014" });
  const { rows } = await sql.run({ ...sleep, name: "quick", text: "SELECT 1 AS n" });
  expect(rows).toEqual([{ n: 1 }]);
});
