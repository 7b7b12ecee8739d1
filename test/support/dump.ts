import pg from "pg";
import { expect } from "vitest";

/**
 * All rows of a database's tables as text, with bytes in hex. For tests that some text is nowhere in it, or that nothing
 * was stored. Views are left out: they hold nothing else, and some show how much time is left.
 */
export async function dump(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    );
    const rows: string[] = [];
    for (const { name } of tables.rows) {
      const all = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
      rows.push(...all.rows.map(({ row }) => `${name} ${row}`));
    }
    return rows.join("\n");
  } finally {
    await client.end();
  }
}

/** The tables in which the limiter counts while Redis doesn't answer in time, as on a busy machine. */
const COUNTERS = /^rate_limit/;

/** Does the work, and expects that it leaves the rows of all tables as they were. */
export async function expectNothingStored(url: string, work: () => Promise<void>): Promise<void> {
  const rows = async (): Promise<string[]> =>
    (await dump(url))
      .split("\n")
      .filter((row) => !COUNTERS.test(row))
      .toSorted();
  const before = await rows();
  await work();
  const after = await rows();
  const [had, has] = [new Set(before), new Set(after)];
  expect({
    added: after.filter((row) => !had.has(row)),
    removed: before.filter((row) => !has.has(row)),
  }).toEqual({ added: [], removed: [] });
}

/**
 * Locks a table, starts a call, and runs `meanwhile` once the call waits for the table. Then unlocks the table, and
 * returns the call's answer.
 */
export async function whileWaitingFor<T>(
  url: string,
  table: "campaigns",
  call: () => Promise<T>,
  meanwhile: () => Promise<unknown>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    const answer = call();
    for (;;) {
      const waiting = await client.query(
        "SELECT FROM pg_locks WHERE NOT granted AND relation = $1::regclass",
        [table],
      );
      if (waiting.rows.length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await meanwhile();
    await client.query("COMMIT");
    return await answer;
  } finally {
    await client.end();
  }
}
