import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { expect, inject } from "vitest";
import type { Database } from "../../src/core/ports/database.ts";
import { createDatabaseClient } from "../../src/platform/postgres/client.ts";
import { migrateDeploy } from "../../src/platform/postgres/migrate.ts";
import { startPostgres } from "../../src/sandbox/postgres/postgres.ts";
import { eventually } from "./eventually.ts";

const MIGRATIONS = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));

/** The run's PostgreSQL as test files get it. */
export interface PostgresInfo {
  /** Where databases are created from. */
  adminUrl: string;
  /** A migrated database that nobody may connect to, since a copy needs it to be unused. */
  template: string;
}

export interface TestDatabase {
  /** As the owner of the tables, who may do anything. */
  url: string;
  /** As the restricted role of docs/restricted-role.sql, as which servers work. */
  serverUrl: string;
  /** As the owner. */
  db: Database;
  /** Drops it, whoever is still connected. */
  close(): Promise<void>;
}

/** The name that docs/restricted-role.sql gives to it. */
const SERVER_ROLE = "tollfree_app";

/** Starts the run's PostgreSQL with one migrated template; called once, by the global setup. */
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

/** A database of the caller's own, migrated and empty; takes some 30 ms. */
export async function createDatabase(): Promise<TestDatabase> {
  const info = inject("postgres");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await runSql(info.adminUrl, `CREATE DATABASE ${name} TEMPLATE ${info.template}`);
  const url = new URL(info.adminUrl);
  url.pathname = name;
  const serverUrl = new URL(url);
  [serverUrl.username, serverUrl.password] = [SERVER_ROLE, SERVER_ROLE];
  const db = createDatabaseClient({ url: url.href });
  return {
    url: url.href,
    serverUrl: serverUrl.href,
    db,
    async close() {
      await db.$disconnect();
      await runSql(info.adminUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** Resolves when a query with this text is being executed for somebody else. */
export const untilRunning = (db: TestDatabase["db"], text: string): Promise<void> =>
  eventually(async () => {
    const others = await db.$queryRaw`
      SELECT pid FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()
         AND state = 'active' AND query LIKE ${`%${text}%`}`;
    expect(others).not.toEqual([]);
  });

/** Resolves when exactly so many statements of the database wait for locks. */
export const untilWaiting = (db: TestDatabase["db"], count: number): Promise<void> =>
  eventually(async () => {
    const waiting = await db.$queryRaw`
      SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    expect(waiting).toHaveLength(count);
  });

/** What an operator does after migrating: lets servers do no more than they have to. */
export const restrictServers = (ownerUrl: string): Promise<void> =>
  runSql(ownerUrl, readFileSync(new URL("../../docs/restricted-role.sql", import.meta.url), "utf8"));

/** Whatever statements, on a connection of their own. */
export async function runSql(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
