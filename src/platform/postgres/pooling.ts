import pg from "pg";
import { MAX_WAIT_MS } from "./pool.ts";

/**
 * How connections reach PostgreSQL. `session`: each of ours is one of PostgreSQL's, with or without a pooler in between.
 * `transaction`: a pooler gives each transaction, or lone statement, any of PostgreSQL's.
 */
export type Pooling = "session" | "transaction";

/** What every connection needs, and gets by `SET` where it is one of PostgreSQL's own. */
const NEEDED = { TimeZone: "UTC", idle_in_transaction_session_timeout: "3000" };

/** What the caller needs of a pooler in transaction mode. */
interface Needs {
  /** Statements are prepared. */
  prepare: boolean;
  /** The role has the settings that such a pooler doesn't keep. */
  settings: boolean;
}

/**
 * Finds out how connections are pooled, and whether that meets the caller's needs.
 * @throws Error with what to change: a pooler that loses prepared statements, or a role without the settings that a
 *   transaction pooler doesn't keep
 */
export async function checkPooling(connectionString: string, { prepare, settings }: Needs): Promise<Pooling> {
  const [ours, other] = [1, 2].map(() => {
    const client = new pg.Client({
      connectionString,
      connectionTimeoutMillis: MAX_WAIT_MS,
      query_timeout: MAX_WAIT_MS,
    });
    client.on("error", () => undefined); // a lost connection also fails the running query, whose error says more
    return client;
  }) as [pg.Client, pg.Client];
  await ours.connect();
  try {
    await other.connect();
    const first = await processOf(ours);
    // While the other client keeps a connection of PostgreSQL's busy, a pooler has to give ours another one.
    await other.query("BEGIN");
    const pooled = (await processOf(other)) === first || (await processOf(ours)) !== first;
    if (pooled && prepare) await requirePreparedStatements(ours);
    await other.query("ROLLBACK");
    if (!pooled) return "session";
    if (prepare) await requirePreparedStatements(ours);
    if (settings) await requireSettings(ours);
    return "transaction";
  } finally {
    await Promise.all([ours.end(), other.end()]);
  }
}

async function processOf(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid;
}

/** Runs one named statement. Called on two connections of PostgreSQL's, it finds a pooler that prepares on only one. */
async function requirePreparedStatements(client: pg.Client): Promise<void> {
  try {
    await client.query({ name: "tollfree.pooling", text: "SELECT 1" });
  } catch (cause) {
    throw new Error(
      "DATABASE_URL leads to a pooler in transaction mode that doesn't know prepared statements. " +
        "Set DATABASE_PREPARE=false, or use session mode, or a pooler that keeps them (PgBouncer 1.21 with max_prepared_statements).",
      { cause },
    );
  }
}

/** In transaction mode, a `SET` also holds for the next client of the same connection. So the role must have the settings. */
async function requireSettings(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; value: string; role: string }>(
    "SELECT name, reset_val AS value, current_user AS role FROM pg_settings WHERE name = ANY($1) ORDER BY name",
    [Object.keys(NEEDED)],
  );
  const missing = rows.filter(({ name, value }) => NEEDED[name as keyof typeof NEEDED] !== value);
  if (missing.length === 0) return;
  const commands = missing.map(
    ({ name, role }) => `ALTER ROLE "${role}" SET ${name} = '${NEEDED[name as keyof typeof NEEDED]}'`,
  );
  throw new Error(
    "DATABASE_URL leads to a pooler in transaction mode, which doesn't keep the settings of a connection. " +
      `Give them to the role, and reconnect the pooler: ${commands.join("; ")}`,
  );
}
