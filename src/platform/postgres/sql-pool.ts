import { connect } from "node:net";
import type pg from "pg";
import type { SqlPool, SqlQuery, SqlResult, StatementLimit } from "../../core/ports/sql.ts";
import { StatementQuery } from "./statement-query.ts";

/** How long a statement of each kind may take, in milliseconds. */
const LIMITS: Record<StatementLimit, number> = { money: 10_000, read: 5_000, search: 1_000, job: 30_000 };

const BEGIN = "BEGIN";
const BY_INDEX = "SET LOCAL enable_seqscan = off";
/** Holds for the transaction, or for the lone statement that it is sent with. */
const DO_NOT_FLUSH = "SELECT set_config('synchronous_commit', 'off', true)";

/** How long to wait for PostgreSQL to close the connection that carried a cancel request. */
const CANCEL_WITHIN_MS = 5_000;

export interface SqlPoolOptions {
  /** False for a pooler that doesn't know prepared statements: each statement is then planned every time. */
  prepare?: boolean;
  /** Runs what moves money, and all transactions, so that reads can't use up their connections. Default: the same pool. */
  moneyPool?: pg.Pool;
}

/** Runs statements on a pool of `pg`, with their limits. */
export function createSqlPool(
  pool: pg.Pool,
  { prepare = true, moneyPool = pool }: SqlPoolOptions = {},
): SqlPool {
  const rollBack = async (client: pg.PoolClient): Promise<void> => {
    await client.query("ROLLBACK").catch(() => undefined); // the connection is lost; so is the transaction
  };
  return {
    run: (query) =>
      withClient(query.limit === "money" ? moneyPool : pool, (client) =>
        runOn(client, query, { prepare, before: query.flushes === false ? [DO_NOT_FLUSH] : [] }),
      ),
    transaction: (work, { byIndex = false, flushes = true } = {}) =>
      withClient(moneyPool, async (client) => {
        // Sent with the first statement.
        let before = [BEGIN, ...(byIndex ? [BY_INDEX] : []), ...(flushes ? [] : [DO_NOT_FLUSH])];
        let state = "new" as "new" | "open" | "ended";
        const run = (query: SqlQuery, after: readonly string[] = []): Promise<SqlResult> => {
          if (state === "ended")
            throw new Error(`${query.name} comes after the transaction's last statement`);
          const sent = { prepare, before, after };
          before = [];
          state = after.length === 0 ? "open" : "ended";
          return runOn(client, query, sent);
        };
        try {
          const result = await work({
            run: (query) => run(query),
            last: { run: (query) => run(query, ["COMMIT"]) },
          });
          if (state === "open") await client.query("COMMIT");
          return result;
        } catch (error) {
          if (state !== "new") await rollBack(client);
          throw error;
        }
      }),
    snapshot: (work) =>
      withClient(pool, async (client) => {
        await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        try {
          const result = await work({ run: (query) => runOn(client, query, { prepare }) });
          await client.query("COMMIT");
          return result;
        } catch (error) {
          await rollBack(client);
          throw error;
        }
      }),
  };
}

interface RunOptions {
  prepare: boolean;
  /** Sent with the statement, and run before and after it. */
  before?: readonly string[];
  after?: readonly string[];
}

async function runOn(
  client: pg.PoolClient,
  query: SqlQuery,
  { prepare, before = [], after = [] }: RunOptions,
): Promise<SqlResult> {
  let canceled: Promise<void> | undefined;
  const timer = setTimeout(() => {
    canceled = cancel(client);
  }, LIMITS[query.limit]);
  try {
    const isNamed = prepare && query.planEachTime !== true;
    return await client.query(new StatementQuery(query, { isNamed, before, after })).result;
  } finally {
    clearTimeout(timer);
    // Else the cancel request could meet the next statement on this connection.
    await canceled;
  }
}

async function withClient<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let lost: Error | undefined;
  const onLost = (error: Error): void => {
    lost = error;
  };
  client.on("error", onLost);
  try {
    return await work(client);
  } finally {
    client.off("error", onLost);
    client.release(lost);
  }
}

/** What `pg` keeps of a connection, but not in its types. */
interface Connection {
  processID: number;
  secretKey: number;
  host: string;
  port: number;
}

const CANCEL_REQUEST_CODE = 80_877_102;

/**
 * Sends PostgreSQL's own cancel request, on a connection of its own. Poolers pass it on, unlike timeouts that are set as
 * start-up options. On an idle connection it does nothing. Resolves when the other side has closed that connection: only
 * then has the request been handled.
 */
function cancel(client: pg.PoolClient): Promise<void> {
  const { processID, secretKey, host, port } = client as unknown as Connection;
  const message = Buffer.alloc(16);
  [16, CANCEL_REQUEST_CODE, processID, secretKey].forEach((word, index) =>
    message.writeInt32BE(word | 0, index * 4),
  );
  const address = host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.on("close", () => resolve()).on("error", () => undefined);
    socket.setTimeout(CANCEL_WITHIN_MS, () => socket.destroy());
    // We don't close it: PgBouncer drops a request whose connection was closed by the sender.
    socket.resume().write(message);
  });
}
