import type pg from "pg";

/** A partition of the audit log, or a table that was one until it was detached. */
export interface PartitionTable {
  name: string;
  /** The first day that it can have rows of. Undefined: there is no first day. */
  from: string | undefined;
  /** The first day after it. */
  to: string;
  /** Whether it still is a partition. */
  attached: boolean;
  rows: number;
}

/**
 * Lists what has to be archived, oldest first: partitions that ended before the given number of whole months, and those
 * that an interrupted run has detached and not dropped.
 */
export async function listOldPartitions(
  client: pg.Client,
  retentionMonths: number,
): Promise<PartitionTable[]> {
  const { rows } = await client.query<{ name: string; from: string | null; to: string; attached: boolean }>(
    `WITH named AS (
       SELECT relname AS name, relispartition AS attached, relname ~ '_until_' AS is_first, to_date(right(relname, 7), 'YYYY_MM') AS month
         FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname ~ '^agent_audit_logs_(until_)?\\d{4}_\\d{2}$'
     ), bounds AS (
       SELECT name, attached, CASE WHEN NOT is_first THEN month END AS from_day,
              (CASE WHEN is_first THEN month ELSE month + interval '1 month' END)::date AS to_day
         FROM named
     )
     SELECT name, attached, from_day::text AS from, to_day::text AS to FROM bounds
      WHERE NOT attached OR to_day <= date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => $1)
      ORDER BY to_day, name`,
    [retentionMonths],
  );
  const tables: PartitionTable[] = [];
  for (const { from, ...table } of rows) {
    const counted = await client.query<{ rows: string }>(
      `SELECT count(*) AS rows FROM ${client.escapeIdentifier(table.name)}`,
    );
    tables.push({ ...table, from: from ?? undefined, rows: Number(counted.rows[0]?.rows) });
  }
  return tables;
}

/** How many rows are read at once. */
const BATCH = 1_000;

/** Reads all rows as JSON, in an order that is always the same, as they were when reading began. */
export async function* readLines(client: pg.Client, name: string): AsyncGenerator<string[]> {
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    // PostgreSQL writes the JSON, so that no number or time loses a digit here.
    await client.query(
      `DECLARE archived NO SCROLL CURSOR FOR
       SELECT row_to_json(t)::text AS line FROM ${client.escapeIdentifier(name)} t ORDER BY created_at, id`,
    );
    for (;;) {
      const { rows } = await client.query<{ line: string }>(`FETCH ${BATCH} FROM archived`);
      if (rows.length === 0) break;
      yield rows.map(({ line }) => line);
    }
  } finally {
    await client.query("ROLLBACK");
  }
}

/** Takes a partition out of the audit log. From then on, no row can come into it. */
export async function detach(client: pg.Client, name: string): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query("SELECT lock_patiently('agent_audit_logs')");
    await client.query(`ALTER TABLE agent_audit_logs DETACH PARTITION ${client.escapeIdentifier(name)}`);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined); // the connection may be what failed
    throw error;
  }
}

/** Drops a table that was detached. A partition that still is one isn't dropped. */
export async function dropDetached(client: pg.Client, name: string): Promise<void> {
  const { rows } = await client.query("SELECT FROM pg_class WHERE oid = $1::regclass AND relispartition", [
    name,
  ]);
  if (rows.length > 0) throw new Error(`${name} is a partition of the audit log`);
  await client.query(`DROP TABLE ${client.escapeIdentifier(name)}`);
}
