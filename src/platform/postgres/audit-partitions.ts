import pg from "pg";
import { MAX_WAIT_MS } from "./pool.ts";

/** How many months have a partition before they begin. Enough for months in which nobody migrates or archives. */
export const MONTHS_AHEAD = 6;

/** The role of a connection owns the audit log, and so may create and detach its partitions. */
export async function ownsAuditLog(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ owns: boolean }>(
    "SELECT pg_has_role(relowner, 'USAGE') AS owns FROM pg_class WHERE oid = 'agent_audit_logs'::regclass",
  );
  return rows[0]?.owns === true;
}

/**
 * Creates the audit log's partitions of this month and the next ones. Does nothing for a role that doesn't own the tables:
 * the owner does it by `--migrate` or `--archive-audit`.
 * @param maxWaitMs how long to wait for others that read the audit log; by default minutes
 * @returns the names of the new partitions
 */
export async function addAuditPartitions(connectionString: string, maxWaitMs?: number): Promise<string[]> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: MAX_WAIT_MS,
    ...(maxWaitMs !== undefined && { query_timeout: maxWaitMs }),
  });
  client.on("error", () => undefined); // a lost connection also fails the running query, whose error says more
  await client.connect();
  try {
    return (await ownsAuditLog(client)) ? await addPartitions(client) : [];
  } finally {
    await client.end();
  }
}

/** The same on a connection of the owner. */
export async function addPartitions(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>("SELECT add_audit_partitions($1) AS name", [
    MONTHS_AHEAD,
  ]);
  return rows.map(({ name }) => name);
}
