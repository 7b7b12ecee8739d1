import pg from "pg";
import type { Log } from "../../core/ports/log.ts";

/** How long a query waits for a free connection, and for a new one to be made. */
export const MAX_WAIT_MS = 5_000;

export interface PoolOptions {
  /** `postgresql://…` */
  url: string;
  /** The most connections. Further queries wait for a free one. Default 10. */
  size?: number;
  log?: Log | undefined;
  /** False for a pooler in transaction mode, where the role has the settings. Default true. */
  setUp?: boolean;
}

/**
 * Settings of every connection, made by a statement and not as start-up options, which poolers refuse. UTC: Prisma's
 * adapter reads timestamptz values without their offset. Idle timeout: if a replica freezes or is cut off inside a
 * transaction, PostgreSQL releases its locks after 3 s, and other replicas can go on.
 */
const SETTINGS = "SET TimeZone = 'UTC'; SET idle_in_transaction_session_timeout = '3s'";

/** Creates the pool that Prisma and statements share. It connects with the first query, and again after PostgreSQL was down. */
export function createPool({ url, size = 10, log, setUp = true }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    application_name: "tollfree",
    keepAlive: true,
    // Fail fast: without this timeout, a request hangs when PostgreSQL is down or the pool is empty.
    connectionTimeoutMillis: MAX_WAIT_MS,
    // Its type says void, but the pool waits for it.
    // eslint-disable-next-line @typescript-eslint/no-misused-promises
    onConnect: async (client) => {
      if (setUp) await client.query(SETTINGS);
    },
  });
  // Without these handlers, a connection that is lost between two queries would end the process.
  const onLost = (error: Error): void => log?.warn({ error }, "lost a database connection");
  pool.on("error", onLost);
  pool.on("connect", (client) => client.on("error", onLost));
  return pool;
}
