import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { expect, inject, onTestFinished } from "vitest";
import type { Database } from "../../src/core/ports/database.ts";
import type { SqlPool } from "../../src/core/ports/sql.ts";
import { createDatabaseClient } from "../../src/platform/postgres/client.ts";
import { migrateDeploy } from "../../src/platform/postgres/migrate.ts";
import { createPool } from "../../src/platform/postgres/pool.ts";
import { createSqlPool } from "../../src/platform/postgres/sql-pool.ts";
import { startPostgres } from "../../src/sandbox/postgres/postgres.ts";
import { eventually } from "./eventually.ts";

export const MIGRATIONS = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));

/** The PostgreSQL of the test run, as test files get it. */
export interface PostgresInfo {
  /** The database to connect to for creating others. */
  adminUrl: string;
  /** A migrated database to copy. It accepts no connections, since PostgreSQL copies only an unused one. */
  template: string;
}

export interface TestDatabase {
  /** Connects as the owner of the tables. */
  url: string;
  /** Connects as the restricted role of docs/restricted-role.sql, as servers do. */
  serverUrl: string;
  /** Connected as the owner. */
  db: Database;
  sql: SqlPool;
  /** How many deadlocks a test provokes on purpose. */
  expectedDeadlocks: number;
  /** Drops the database, and ends all connections to it. @throws Error if there were other deadlocks in it */
  close(): Promise<void>;
}

/** The role's name in docs/restricted-role.sql. */
const SERVER_ROLE = "tollfree_app";

/** Starts the run's PostgreSQL with a migrated template. The global setup calls it once. */
export async function startTestPostgres(): Promise<{ info: PostgresInfo; stop(): Promise<void> }> {
  const server = await startPostgres({
    directory: mkdtempSync(path.join(tmpdir(), "tollfree-test-postgres-")),
    ephemeral: true,
    log: () => undefined,
  });
  const info = { adminUrl: server.url("postgres"), template: "template_tollfree" };
  await runSql(info.adminUrl, `CREATE DATABASE ${info.template}`);
  await migrateDeploy({ connectionString: server.url(info.template), directory: MIGRATIONS });
  await runSql(info.adminUrl, `CREATE ROLE ${SERVER_ROLE} LOGIN PASSWORD '${SERVER_ROLE}'`);
  await restrictServers(server.url(info.template));
  await runSql(info.adminUrl, `ALTER DATABASE ${info.template} ALLOW_CONNECTIONS false`);
  return { info, stop: () => server.stop() };
}

/** Opens a database that stays: servers connect as its owner, too. */
export function openDatabase(url: string): TestDatabase {
  const pool = createPool({ url });
  const db = createDatabaseClient(pool);
  return {
    ...{ url, serverUrl: url, db, sql: createSqlPool(pool), expectedDeadlocks: 0 },
    async close() {
      await db.$disconnect();
      await pool.end();
    },
  };
}

/** Creates a migrated, empty database. Takes about 30 ms. */
export async function createDatabase(): Promise<TestDatabase> {
  const info = inject("postgres");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await runSql(info.adminUrl, `CREATE DATABASE ${name} TEMPLATE ${info.template}`);
  const url = new URL(info.adminUrl);
  url.pathname = name;
  const serverUrl = new URL(url);
  [serverUrl.username, serverUrl.password] = [SERVER_ROLE, SERVER_ROLE];
  const pool = createPool({ url: url.href });
  const db = createDatabaseClient(pool);
  const database: TestDatabase = {
    url: url.href,
    serverUrl: serverUrl.href,
    db,
    sql: createSqlPool(pool),
    expectedDeadlocks: 0,
    async close() {
      await db.$disconnect();
      await pool.end();
      const deadlocks = await countDeadlocks(info.adminUrl, name);
      await runSql(info.adminUrl, `DROP DATABASE ${name} WITH (FORCE)`);
      // All code takes its locks in the order of docs/lock-order.md.
      if (deadlocks !== database.expectedDeadlocks)
        throw new Error(`PostgreSQL ended ${deadlocks} transactions because of a deadlock`);
    },
  };
  return database;
}

/** Resolves when another connection executes a query with this text. */
export const untilRunning = (db: TestDatabase["db"], text: string): Promise<void> =>
  eventually(async () => {
    const others = await db.$queryRaw`
      SELECT pid FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()
         AND state = 'active' AND query LIKE ${`%${text}%`}`;
    expect(others).not.toEqual([]);
  });

/** Resolves when exactly `count` statements of the database wait for locks. */
export const untilWaiting = (db: TestDatabase["db"], count: number): Promise<void> =>
  eventually(async () => {
    const waiting = await db.$queryRaw`
      SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    expect(waiting).toHaveLength(count);
  });

/**
 * Gives the servers' role its rights, as an operator does after migrating.
 * @param without a line of the file that an older database can't have yet
 */
export const restrictServers = (ownerUrl: string, without: string | RegExp = ""): Promise<void> =>
  runSql(
    ownerUrl,
    readFileSync(new URL("../../docs/restricted-role.sql", import.meta.url), "utf8").replace(without, ""),
  );

/** Runs statements on a connection of their own. */
export const runSql = (url: string, sql: string): Promise<void> =>
  withConnection(url, async (client) => {
    await client.query(sql);
  });

/** Runs one statement on a connection of its own. Returns its rows. */
export const queryRows = (url: string | undefined, sql: string, values: unknown[] = []): Promise<unknown[]> =>
  withConnection(url, async (client) => (await client.query<Record<string, unknown>>(sql, values)).rows);

async function withConnection<T>(
  url: string | undefined,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Creates an empty database without migrations, which is dropped after the test. Returns its URL. */
export async function createEmptyDatabase(): Promise<string> {
  const { adminUrl } = inject("postgres");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await runSql(adminUrl, `CREATE DATABASE ${name}`);
  onTestFinished(() => runSql(adminUrl, `DROP DATABASE ${name} WITH (FORCE)`));
  const url = new URL(adminUrl);
  url.pathname = name;
  return url.href;
}

const countDeadlocks = (adminUrl: string, database: string): Promise<number> =>
  withConnection(adminUrl, async (client) => {
    const { rows } = await client.query<{ deadlocks: number }>(
      "SELECT deadlocks::int FROM pg_stat_database WHERE datname = $1",
      [database],
    );
    return rows[0]?.deadlocks ?? 0;
  });
