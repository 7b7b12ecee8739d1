import pg from "pg";
import type { Deps } from "../../core/context.ts";
import { readMonthsAhead } from "../../core/observability/audit/index.ts";
import { checkProof } from "../../core/personal-data/encryption/index.ts";
import { STATEMENTS } from "../../core/ports/statement.ts";
import { explainDatabaseFailure } from "../../platform/postgres/explain-failure.ts";
import { MigrationError, pendingMigrations } from "../../platform/postgres/migrate.ts";
import { MAX_WAIT_MS } from "../../platform/postgres/pool.ts";
import { checkPooling } from "../../platform/postgres/pooling.ts";
import { SetupProblem } from "../../platform/setup-problem.ts";
import { keyProblem } from "../key-problem.ts";
import type { Check } from "./check.ts";
import { clockCheck } from "./clock.ts";

/** The oldest PostgreSQL that Tollfree is tested with. */
const MIN_VERSION = 15;

/** With fewer, somebody has to create the next partitions of the audit log soon. As in docs/alerts.yml. */
const MIN_MONTHS_AHEAD = 2;

/** The database as it is checked. */
export interface CheckedDatabase {
  url: string;
  prepare: boolean;
  migrations: string;
  /** Undefined where the sandbox makes the keys. */
  cipher: Deps["cipher"] | undefined;
  sql: Deps["sql"];
}

/** What the database has to be: reachable, recent, migrated, open to the role, and written with our keys. */
export function databaseChecks({ url, prepare, migrations, cipher, sql }: CheckedDatabase): Check[] {
  const withClient = async <Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> => {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: MAX_WAIT_MS,
      query_timeout: MAX_WAIT_MS,
    });
    client.on("error", () => undefined); // a lost connection also fails the running query
    try {
      await client.connect();
      return await work(client);
    } catch (error) {
      throw explainDatabaseFailure(error, url);
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  const needs = ["database"];
  return [
    {
      name: "database",
      run: () =>
        withClient(async (client) => {
          const { rows } = await client.query<{ version: string; role: string }>(
            "SELECT current_setting('server_version') AS version, current_user AS role",
          );
          const { version = "", role } = rows[0] ?? {};
          if (Number.parseInt(version) < MIN_VERSION)
            throw new SetupProblem(
              "DATABASE_URL",
              `PostgreSQL ${version} is too old`,
              `Use ${MIN_VERSION} or later`,
            );
          const pooling = await checkPooling(url, { prepare, settings: true });
          return `PostgreSQL ${version} as the role ${role}${pooling === "transaction" ? ", behind a pooler" : ""}`;
        }),
    },
    { name: "database clock", needs, run: () => withClient(checkDatabaseClock) },
    { name: "migrations", needs, run: () => withClient((client) => checkMigrations(client, migrations)) },
    { name: "rights", needs: ["migrations"], run: () => withClient(checkRights) },
    { name: "audit log", needs: ["rights"], run: () => checkAuditPartitions(sql) },
    { name: "keys", needs: ["rights"], run: () => checkKeys({ sql, cipher }) },
  ];
}

async function checkDatabaseClock(client: pg.Client): Promise<string> {
  const asked = Date.now();
  const { rows } = await client.query<{ now: string }>("SELECT extract(epoch FROM now()) * 1000 AS now");
  return clockCheck("the database", Number(rows[0]?.now), (asked + Date.now()) / 2);
}

async function checkMigrations(client: pg.Client, directory: string): Promise<string> {
  try {
    const pending = await pendingMigrations(client, directory);
    if (pending.length === 0) return "all are applied";
    throw new SetupProblem(
      "DATABASE_URL",
      `${pending.length} migrations are pending, from ${pending[0]} on`,
      "Run --migrate as the owner of the tables",
    );
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    throw new SetupProblem(
      "DATABASE_URL",
      error.message.replace(/\.$/, ""),
      "Mend it before a server starts",
    );
  }
}

/**
 * Lets PostgreSQL check the rights of every statement, and of reads and inserts in every table. Runs none of them.
 * Partitions need no rights of their own.
 */
async function checkRights(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ missing: string }>(`
    SELECT privilege || ' on ' || relname AS missing
      FROM pg_class, unnest(ARRAY['SELECT', 'INSERT']) AS privilege
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition
       AND (privilege = 'SELECT' OR (relkind <> 'v' AND relname <> '_prisma_migrations'))
       AND NOT has_table_privilege(oid, privilege)
     ORDER BY 1`);
  const missing = new Set(rows.map((row) => row.missing));
  // A transaction, since behind a pooler only that keeps a prepared statement. Nothing in it stays.
  await client.query("BEGIN; SET LOCAL plan_cache_mode = force_generic_plan");
  for (const { name, text, params } of STATEMENTS) {
    try {
      await client.query("SAVEPOINT statement");
      await client.query(`PREPARE doctor AS ${text}`);
      const nulls = Object.keys(params).map(() => "NULL");
      await client.query(`EXPLAIN EXECUTE doctor${nulls.length > 0 ? `(${nulls.join(", ")})` : ""}`);
      await client.query("DEALLOCATE doctor");
    } catch (error) {
      missing.add(`${name} (${error instanceof Error ? error.message : String(error)})`);
      await client.query("ROLLBACK TO SAVEPOINT statement; DEALLOCATE ALL");
    }
  }
  await client.query("ROLLBACK");
  if (missing.size === 0) return `the role may do all that a server does (${STATEMENTS.length} statements)`;
  const [first, second] = missing;
  const more = missing.size > 2 ? ` and ${missing.size - 2} more` : "";
  throw new SetupProblem(
    "DATABASE_URL",
    `the role lacks rights: ${[first, second].filter((one) => one !== undefined).join(", ")}${more}`,
    "Run docs/restricted-role.sql as the owner of the tables",
  );
}

async function checkAuditPartitions(sql: CheckedDatabase["sql"]): Promise<string> {
  const months = await readMonthsAhead(sql);
  if (months >= MIN_MONTHS_AHEAD) return `it has partitions for the next ${months} months`;
  throw new SetupProblem(
    "DATABASE_URL",
    months < 0
      ? "the audit log has no partition for this month, and puts its rows into the default one"
      : `the audit log has partitions for only ${months} more months`,
    "Run --migrate or --archive-audit as the owner of the tables",
  );
}

async function checkKeys({ sql, cipher }: Pick<CheckedDatabase, "sql" | "cipher">): Promise<string> {
  if (cipher === undefined) return "the sandbox makes its own";
  const result = await checkProof({ sql, cipher });
  if (result === undefined) return "none stored yet; the first start stores their proof";
  if (result !== "ok") throw keyProblem(result);
  return "they are those of this database";
}
