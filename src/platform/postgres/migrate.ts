import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { MAX_WAIT_MS } from "./pool.ts";
import { checkPooling } from "./pooling.ts";

/**
 * Applies Prisma's migrations without Prisma, so that production needs neither Prisma's command line nor its
 * engine. Table, checksums, advisory lock and error codes are the same as those of `prisma migrate deploy`.
 * So either program can continue after the other, and the two never run at the same time.
 */

/** The key of the advisory lock that Prisma's own engine takes. */
const PRISMA_LOCK = 72_707_369;
/**
 * How long to wait while another replica migrates. The limit stops a stuck replica from blocking all starts
 * forever.
 */
const LOCK_TIMEOUT_MS = 60_000;
const LOCK_POLL_MS = 100;

const CREATE_TABLE = `
  CREATE TABLE _prisma_migrations (
    id                  VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum            VARCHAR(64) NOT NULL,
    finished_at         TIMESTAMPTZ,
    migration_name      VARCHAR(255) NOT NULL,
    logs                TEXT,
    rolled_back_at      TIMESTAMPTZ,
    started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`;

export interface MigrateOptions {
  /** PostgreSQL URL of a user that may create tables. */
  connectionString: string;
  /** Prisma's folder of migrations, `<name>/migration.sql`. They are applied in the order of their names. */
  directory: string;
  log?: (message: string) => void;
}

export type MigrationErrorCode =
  /** The schema has tables but no record of migrations. It may be another program's database. */
  | "P3005"
  /** An earlier migration failed and was not resolved yet (`prisma migrate resolve`). */
  | "P3009"
  /** A migration failed now. It was rolled back, except for parts that its script committed itself. */
  | "P3018"
  /** A migration was changed after it had been applied. In this case `prisma migrate deploy` only warns. */
  | "modified"
  /** Migrations are pending, but a pooler in transaction mode can't hold the lock that they need. */
  | "pooled"
  /** Another replica holds the lock of migrations, and hasn't released it in time. */
  | "locked";

export class MigrationError extends Error {
  override readonly name = "MigrationError";
  readonly code: MigrationErrorCode;

  constructor(code: MigrationErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

interface AppliedRow {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
  rolled_back_at: Date | null;
}

/**
 * Applies all pending migrations. Several replicas may call it at once: each migration is applied once.
 *
 * @returns the names of the migrations applied by this call, in order
 * @throws MigrationError; the migrations before the failed one stay applied
 */
export async function migrateDeploy({ connectionString, directory, log }: MigrateOptions): Promise<string[]> {
  const migrations = readMigrations(directory);
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: MAX_WAIT_MS });
  client.on("error", () => undefined); // a lost connection also fails the running query, whose error says more
  await client.connect();
  try {
    if (await isUpToDate(client, migrations)) return [];
    // In transaction mode, a pooler would leave the lock on a connection that anybody gets next.
    if ((await checkPooling(connectionString, { prepare: false, settings: false })) === "transaction")
      throw new MigrationError(
        "pooled",
        "migrations are pending, and DATABASE_URL leads to a pooler in transaction mode. " +
          "Run `--migrate` once with the address of PostgreSQL itself.",
      );
    await takeLock(client);
    await ensureTable(client);
    const pending = await selectPending(client, migrations);
    for (const migration of pending) {
      await apply(client, migration);
      log?.(`applied migration ${migration.name}`);
    }
    return pending.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

/**
 * Takes the lock of migrations. The lock belongs to the connection, so ending the connection releases it in every case.
 *
 * Asks again and again instead of waiting inside one statement: the migration that holds the lock may have to wait for
 * statements that began before it (`CREATE INDEX CONCURRENTLY`), and each would wait for the other.
 */
async function takeLock(client: pg.Client): Promise<void> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1) AS taken", [
      PRISMA_LOCK,
    ]);
    if (rows[0]?.taken === true) return;
    if (performance.now() > deadline)
      throw new MigrationError("locked", "another server has been migrating for a minute. Try again later.");
    await sleep(LOCK_POLL_MS);
  }
}

/**
 * Lists the migrations that aren't applied yet, and changes nothing.
 * @throws MigrationError if an earlier migration failed or was changed
 */
export async function pendingMigrations(client: pg.Client, directory: string): Promise<string[]> {
  const migrations = readMigrations(directory);
  const { rows } = await client.query<{ has_record: boolean }>(
    "SELECT to_regclass('_prisma_migrations') IS NOT NULL AS has_record",
  );
  const pending = rows[0]?.has_record === true ? await selectPending(client, migrations) : migrations;
  return pending.map(({ name }) => name);
}

function readMigrations(directory: string): Migration[] {
  return readdirSync(directory)
    .filter((name) => existsSync(path.join(directory, name, "migration.sql")))
    .sort()
    .map((name) => {
      const script = readFileSync(path.join(directory, name, "migration.sql"));
      return {
        name,
        sql: script.toString("utf8"),
        checksum: createHash("sha256").update(script).digest("hex"),
      };
    });
}

async function ensureTable(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ has_record: boolean; has_tables: boolean }>(`
    SELECT to_regclass('_prisma_migrations') IS NOT NULL AS has_record,
           EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema()) AS has_tables`);
  const state = rows[0];
  if (state?.has_record === true) return;
  if (state?.has_tables === true) {
    throw new MigrationError(
      "P3005",
      "the database isn't empty and has no record of migrations; use an empty database",
    );
  }
  await client.query(CREATE_TABLE);
}

/**
 * Whether nothing is left to do, read without a lock. A migration that isn't finished may be in the hands of another
 * replica at this moment; with the lock, its end can be awaited.
 */
async function isUpToDate(client: pg.Client, migrations: Migration[]): Promise<boolean> {
  const { rows } = await client.query<{ has_record: boolean }>(
    "SELECT to_regclass('_prisma_migrations') IS NOT NULL AS has_record",
  );
  if (rows[0]?.has_record !== true) return false;
  try {
    return (await selectPending(client, migrations)).length === 0;
  } catch (error) {
    if (error instanceof MigrationError) return false;
    throw error;
  }
}

async function selectPending(client: pg.Client, migrations: Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<AppliedRow>(
    "SELECT migration_name, checksum, finished_at, rolled_back_at FROM _prisma_migrations ORDER BY started_at",
  );
  // A row marked as rolled back is ignored: its migration is applied again and gets a new row.
  const current = rows.filter((row) => row.rolled_back_at === null);
  const failed = current.filter((row) => row.finished_at === null).map((row) => row.migration_name);
  if (failed.length > 0) {
    throw new MigrationError(
      "P3009",
      `an earlier migration failed: ${failed.join(", ")}. Resolve it with \`prisma migrate resolve\`.`,
    );
  }

  const checksums = new Map(current.map((row) => [row.migration_name, row.checksum]));
  const modified = migrations.filter(({ name, checksum }) => (checksums.get(name) ?? checksum) !== checksum);
  if (modified.length > 0) {
    const names = modified.map(({ name }) => name).join(", ");
    throw new MigrationError(
      "modified",
      `these migrations were changed after they had been applied: ${names}`,
    );
  }
  return migrations.filter(({ name }) => !checksums.has(name));
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  const id = randomUUID();
  await client.query("INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)", [
    id,
    checksum,
    name,
  ]);
  try {
    // Without parameters, the script is sent as one message. PostgreSQL runs all its statements in one
    // transaction, and a lone statement by itself.
    await client.query(sql);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    await client.query("ROLLBACK"); // needed if the script opened a transaction itself
    await client.query("UPDATE _prisma_migrations SET logs = $2 WHERE id = $1", [id, reason]);
    throw new MigrationError("P3018", `migration ${name} failed: ${reason}`, { cause });
  }
  const finish = "UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = $1";
  await client.query(finish, [id]);
}
