import { access, constants, stat } from "node:fs/promises";
import pg from "pg";
import { addPartitions, ownsAuditLog } from "../postgres/audit-partitions.ts";
import { MAX_WAIT_MS } from "../postgres/pool.ts";
import { checkPooling } from "../postgres/pooling.ts";
import { SetupProblem } from "../setup-problem.ts";
import type { Content, Manifest } from "./archive-file.ts";
import { ContentSum, readArchive, writeArchive } from "./archive-file.ts";
import type { PartitionTable } from "./partition-table.ts";
import { detach, dropDetached, listOldPartitions, readLines } from "./partition-table.ts";

export interface ArchiveOptions {
  /** PostgreSQL URL of the tables' owner. */
  connectionString: string;
  /** How many whole months before this one stay in the database. Undefined: all. */
  retentionMonths: number | undefined;
  /** Where archives are written. Undefined: nothing is changed, and what would be done is only listed. */
  directory: string | undefined;
  /** Gets each step when it is done. */
  onStep: (step: ArchiveStep) => void;
}

export type ArchiveStep =
  | { kind: "added"; partition: string }
  /** Would be archived. */
  | { kind: "due"; table: PartitionTable }
  | { kind: "archived"; manifest: Manifest };

/**
 * Moves old months of the audit log into files, and adds the partitions of the next months. For each old partition, oldest
 * first: writes its archive, detaches it, reads the archive back, compares it with the table, and drops the table. It can
 * be interrupted at any moment: the rows are then in the database or in a finished archive, and the next run goes on.
 * @throws SetupProblem if the role isn't the owner, the directory can't be used, or another run is under way; Error if an
 *   archive doesn't match its table, which is then kept
 */
export async function archivePartitions({
  connectionString,
  retentionMonths,
  directory,
  onStep,
}: ArchiveOptions): Promise<void> {
  if (directory !== undefined) await requireDirectory(directory);
  if ((await checkPooling(connectionString, { prepare: false, settings: false })) === "transaction")
    throw new SetupProblem(
      "DATABASE_URL",
      "leads to a pooler in transaction mode",
      "Use the address of PostgreSQL itself",
    );
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: MAX_WAIT_MS });
  client.on("error", () => undefined); // a lost connection also fails the running query, whose error says more
  await client.connect();
  try {
    // The same text for the same row, and as much time as a slow disk needs.
    await client.query("SET TimeZone = 'UTC'; SET idle_in_transaction_session_timeout = 0");
    await requireOwner(client);
    await requireToBeAlone(client);
    if (directory !== undefined)
      for (const partition of await addPartitions(client)) onStep({ kind: "added", partition });
    if (retentionMonths === undefined) return;
    for (const table of await listOldPartitions(client, retentionMonths)) {
      if (directory === undefined) onStep({ kind: "due", table });
      else onStep({ kind: "archived", manifest: await archive(client, directory, table) });
    }
  } finally {
    await client.end(); // releases the lock
  }
}

async function archive(client: pg.Client, directory: string, table: PartitionTable): Promise<Manifest> {
  const { name, attached } = table;
  // An earlier run may have written it. It is compared with the table before anything is dropped.
  if ((await readArchive(directory, name)) === undefined)
    await writeArchive(directory, table, readLines(client, name));
  // The comparison is made after detaching, when no row can come any more. But a wrong archive isn't worth detaching.
  else await requireSame(client, directory, name);
  if (attached) await detach(client, name);
  const manifest = await requireSame(client, directory, name);
  await dropDetached(client, name);
  return manifest;
}

/** Reads an archive back, and compares it with the table. @throws Error if they don't hold the same rows */
async function requireSame(client: pg.Client, directory: string, name: string): Promise<Manifest> {
  const archived = await readArchive(directory, name);
  const inTable = await sumOf(client, name);
  if (archived === undefined) throw new Error(`the archive of ${name} is gone. Nothing was dropped`);
  const { content, manifest } = archived;
  if (content.rows !== inTable.rows || content.contentSha256 !== inTable.contentSha256)
    throw new Error(
      `${manifest.file} in ${directory} holds ${content.rows} other rows than ${name} with ${inTable.rows}. ` +
        "Nothing was dropped. If it is another database's archive, use another directory; else move it away and run this again",
    );
  return manifest;
}

async function sumOf(client: pg.Client, name: string): Promise<Content> {
  const sum = new ContentSum();
  for await (const lines of readLines(client, name)) sum.add(lines);
  return sum.end();
}

async function requireDirectory(directory: string): Promise<void> {
  try {
    if (!(await stat(directory)).isDirectory()) throw new Error("it is no directory");
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SetupProblem(
      "AUDIT_ARCHIVE_DIR",
      `can't be written to (${why})`,
      "Name a directory that exists and is kept",
      { cause },
    );
  }
}

async function requireOwner(client: pg.Client): Promise<void> {
  if (await ownsAuditLog(client)) return;
  throw new SetupProblem("DATABASE_URL", "the role doesn't own the audit log", "Archive as the owner");
}

/** Two runs would write the same files. */
async function requireToBeAlone(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ taken: boolean }>(
    "SELECT pg_try_advisory_lock(hashtextextended('archive_audit', 0)) AS taken",
  );
  if (rows[0]?.taken === true) return;
  throw new SetupProblem("DATABASE_URL", "another run is archiving this database", "Wait for its end");
}
