import { RateLimiterPostgres } from "rate-limiter-flexible";
import type { RateRule } from "../../core/ports/rate-limiter.ts";
import { bigint, bigints, integer, text, texts } from "../../core/ports/sql-types.ts";
import type { SqlPool } from "../../core/ports/sql.ts";
import { statement } from "../../core/ports/statement.ts";
import type { Counter } from "./take.ts";
import { counterPerRule, optionsOf } from "./take.ts";

/** The table that rate-limiter-flexible counts in: `key`, `points`, `expire` (Unix milliseconds of the replica's clock). */
const TABLE = "rate_limit_counters";

/** What the library's queries return. It reads the columns by their names. */
const COLUMNS = [
  { name: "points", type: "integer" },
  { name: "expire", type: "bigint" },
];

/** Counters in PostgreSQL, exact over all replicas. */
export const postgresCounters = (sql: SqlPool): ((rule: RateRule) => Counter) =>
  counterPerRule(
    (rule) =>
      new RateLimiterPostgres({
        ...optionsOf(rule),
        storeClient: { query: (query: LibraryQuery) => runQuery(sql, query) },
        storeType: "client",
        tableName: TABLE,
        tableCreated: true,
        clearExpiredByTimeout: false, // a job does it
      }),
  );

interface LibraryQuery {
  name: string;
  text: string;
  values: unknown[];
}

/** What the library uses of a client of `pg`. It calculates with `expire`, so it gets numbers for bigints. */
async function runQuery(sql: SqlPool, { name, text: sqlText, values }: LibraryQuery): Promise<object> {
  const { rows, count } = await sql.run({
    ...{ name: `rate-limit.${name}`, text: sqlText, values, limit: "read" as const },
    columns: COLUMNS,
  });
  return { rowCount: count, rows: rows.map((row) => ({ ...row, expire: Number(row["expire"]) })) };
}

/** A window as this replica last saw it. */
export interface SeenWindow {
  key: string;
  points: number;
  /** Unix milliseconds. */
  expire: number;
}

const seedWindows = statement({
  name: "rate-limit.seed-windows",
  limit: "read",
  params: { keys: texts(), points: bigints, expires: bigints, now: bigint },
  row: {},
  // In the order of keys, so that replicas which do it at the same moment don't lock each other.
  text: `
    INSERT INTO ${TABLE} AS c (key, points, expire)
    SELECT seen.key, seen.points, seen.expire FROM unnest($keys, $points, $expires) AS seen(key, points, expire) ORDER BY seen.key
    ON CONFLICT (key) DO UPDATE SET
      points = CASE WHEN c.expire > $now THEN greatest(c.points, excluded.points) ELSE excluded.points END,
      expire = CASE WHEN c.expire > $now THEN c.expire ELSE excluded.expire END`,
});

/** Lets PostgreSQL go on with windows that Redis had counted. Of several replicas, the one that saw most is right. */
export async function seed(sql: SqlPool, windows: SeenWindow[]): Promise<void> {
  await seedWindows.count(sql, {
    keys: windows.map(({ key }) => key),
    points: windows.map(({ points }) => BigInt(points)),
    expires: windows.map(({ expire }) => BigInt(Math.ceil(expire))),
    now: BigInt(Date.now()),
  });
}

/** A row of the same table that no rule's key can be. By the database's clock, which all replicas share. */
const INSURED_KEY = "redis is away";
const DATABASE_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

const markInsured = statement({
  name: "rate-limit.mark-insured",
  limit: "read",
  params: { key: text, ms: integer },
  row: {},
  text: `
    INSERT INTO ${TABLE} (key, expire) VALUES ($key, ${DATABASE_NOW} + $ms)
    ON CONFLICT (key) DO UPDATE SET expire = excluded.expire`,
});
const readInsured = statement({
  name: "rate-limit.read-insured",
  limit: "read",
  params: { key: text },
  row: { ms_left: bigint },
  text: `SELECT expire - ${DATABASE_NOW} AS ms_left FROM ${TABLE} WHERE key = $key`,
});

/** Tells all replicas that PostgreSQL counts for the next `ms` milliseconds, because this one can't reach Redis. */
export async function keepInsured(sql: SqlPool, ms: number): Promise<void> {
  await markInsured.count(sql, { key: INSURED_KEY, ms });
}

/** For how many more milliseconds PostgreSQL counts. Negative: since when it doesn't. Undefined: it never did. */
export async function insuredMsLeft(sql: SqlPool): Promise<number | undefined> {
  const row = await readInsured.first(sql, { key: INSURED_KEY });
  return row && Number(row.ms_left);
}

const deleteEnded = statement({
  name: "rate-limit.delete-ended",
  limit: "job",
  params: { before: bigint, except: text },
  row: {},
  text: `DELETE FROM ${TABLE} WHERE expire < $before AND key <> $except`,
});

/** Deletes windows that have ended. */
export async function deleteEndedWindows(sql: SqlPool): Promise<void> {
  await deleteEnded.count(sql, { before: BigInt(Date.now()), except: INSURED_KEY });
}
