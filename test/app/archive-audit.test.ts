import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { archiveAudit } from "../../src/app/archive-audit.ts";
import { readOwnerConfig } from "../../src/app/config.ts";
import { makeOldMonths, partitionOf } from "../support/audit-months.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase, queryRows, runSql } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { runCommand, startProgram } from "../support/process.ts";

/** `npm run audit:archive`, interrupted at each step. */

const OLD_MONTHS = 5;
const RETENTION = 3;

let database: TestDatabase;
let directory: string;
beforeEach(async () => {
  database = await createDatabase();
  directory = mkdtempSync(path.join(tmpdir(), "tollfree-archive-"));
});
/** Connections that a test holds. */
const readers: pg.Client[] = [];
afterEach(async () => {
  for (const reader of readers.splice(0)) await reader.end();
  await database.close();
  rmSync(directory, { recursive: true, force: true });
});

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  readers.push(client);
  return client;
}

const query = (sql: string, values?: unknown[]) =>
  queryRows(database.url, sql, values) as Promise<Record<string, unknown>[]>;

const environment = (changes: Record<string, string> = {}): Record<string, string> => ({
  DATABASE_URL: database.url,
  AUDIT_RETENTION_MONTHS: String(RETENTION),
  AUDIT_ARCHIVE_DIR: directory,
  ...changes,
});

/** Runs the command in this process. Returns what it prints. */
async function run(apply: boolean, changes: Record<string, string> = {}): Promise<string[]> {
  const lines: string[] = [];
  await archiveAudit(readOwnerConfig(environment(changes)), { apply, print: (line) => lines.push(line) });
  return lines;
}

/** The audit log's rows by where they are: in a table's partition, or not in the table any more. */
const places = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (
      await query(
        "SELECT tableoid::regclass::text AS place, count(*)::int AS n FROM agent_audit_logs GROUP BY 1",
      )
    ).map(({ place, n }) => [place, n]),
  );

/** The rows of a table as JSON, as an archive has them. */
const linesOf = async (table: string): Promise<string[]> =>
  (await query(`SELECT row_to_json(t)::text AS line FROM ${table} t ORDER BY created_at, id`)).map(
    ({ line }) => String(line),
  );

/** The lines of an archive, after comparing its file with its manifest by the means of an operator. */
function readLines(name: string): string[] {
  const manifest = JSON.parse(readFileSync(path.join(directory, `${name}.json`), "utf8"));
  const file = readFileSync(path.join(directory, manifest.file));
  expect(createHash("sha256").update(file).digest("hex")).toBe(manifest.sha256);
  const text = gunzipSync(file).toString();
  expect(createHash("sha256").update(text).digest("hex")).toBe(manifest.content_sha256);
  const lines = text.split("\n").slice(0, -1);
  expect(manifest).toMatchObject({
    table: "agent_audit_logs",
    partition: name,
    rows: lines.length,
    bytes: file.length,
  });
  return lines;
}

const exists = async (table: string): Promise<boolean> =>
  (await query("SELECT to_regclass($1) IS NOT NULL AS there", [table]))[0]?.["there"] === true;

/** The partitions that are older than the retention, oldest first. */
async function oldPartitions(): Promise<string[]> {
  const first = (await partitionOf(database.url, -OLD_MONTHS)).replace("logs_", "logs_until_");
  return [first, await partitionOf(database.url, -5), await partitionOf(database.url, -4)];
}

describe("given an audit log of five months and more, of which three are kept", () => {
  let before: Record<string, string[]>;
  let old: string[];
  beforeEach(async () => {
    await makeOldMonths(database.url, OLD_MONTHS, 20);
    old = await oldPartitions();
    before = Object.fromEntries(await Promise.all(old.map(async (name) => [name, await linesOf(name)])));
  });

  /** Expects that every old row is in an archive and in no table, and all others are where they were. */
  async function expectArchived(): Promise<void> {
    for (const name of old) {
      expect(readLines(name)).toEqual(before[name]);
      expect(await exists(name)).toBe(false);
    }
    const kept = await Promise.all([-3, -2, -1].map((month) => partitionOf(database.url, month)));
    expect(await places()).toEqual(Object.fromEntries(kept.map((name) => [name, 20])));
    expect(readdirSync(directory).sort()).toEqual(
      old.flatMap((name) => [`${name}.json`, `${name}.jsonl.gz`]).sort(),
    );
  }

  /** Expects that no row left the audit log. */
  async function expectNothingLost(): Promise<void> {
    expect(Object.values(await places()).reduce((sum, n) => sum + n, 0)).toBe((OLD_MONTHS + 1) * 20);
  }

  test("without --apply, what would be archived is listed, and nothing is changed", async () => {
    await query(`DROP TABLE ${await partitionOf(database.url, 6)}`);
    const unchanged = await places();
    const lines = await run(false);
    expect(lines).toEqual([
      ...old.map(
        (name) =>
          expect.stringMatching(new RegExp(`^due +${name}: 20 rows .*until \\d{4}-\\d{2}-01$`)) as string,
      ),
      "Nothing was changed. With --apply, it is done.",
    ]);
    expect(await places()).toEqual(unchanged);
    expect(readdirSync(directory)).toEqual([]);
    expect(await exists(await partitionOf(database.url, 6))).toBe(false);
  });

  test("with --apply, old months are in files and no longer in the database, and the next months are added", async () => {
    const last = await partitionOf(database.url, 6);
    await query(`DROP TABLE ${last}`);
    const { stdout } = await runCommand(
      ["npm", "run", "--silent", "audit:archive", "--", "--apply"],
      environment(),
    );
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toBe(`added     ${last}`);
    expect(lines.slice(1)).toEqual(
      old.map(
        (name) =>
          expect.stringMatching(new RegExp(`^archived +${name}: 20 rows .* SHA-256 [0-9a-f]{64}$`)) as string,
      ),
    );
    await expectArchived();
    for (const file of readdirSync(directory))
      expect(statSync(path.join(directory, file)).mode & 0o777).toBe(0o600);
    expect(await run(true)).toEqual([`No month is older than ${RETENTION} months.`]);
    await expectArchived();
  });

  test("an archive can be put back as it was", async () => {
    await run(true);
    const [name = ""] = old;
    await query("CREATE TABLE restored (LIKE agent_audit_logs)");
    for (const line of readLines(name))
      await query("INSERT INTO restored SELECT * FROM json_populate_record(NULL::restored, $1::json)", [
        line,
      ]);
    expect(await linesOf("restored")).toEqual(before[name]);
  });

  test("without a retention, all months are kept, and the next months are added", async () => {
    const last = await partitionOf(database.url, 6);
    await query(`DROP TABLE ${last}`);
    expect(await run(true, { AUDIT_RETENTION_MONTHS: "" })).toEqual([
      `added     ${last}`,
      "AUDIT_RETENTION_MONTHS is unset: all months are kept.",
    ]);
    await expectNothingLost();
  });

  test("the servers' role archives nothing", async () => {
    await expect(run(true, { DATABASE_URL: database.serverUrl })).rejects.toThrow(
      "DATABASE_URL: the role doesn't own the audit log. Archive as the owner.",
    );
    await expectNothingLost();
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([
    ["no directory", { AUDIT_ARCHIVE_DIR: "" }, /AUDIT_ARCHIVE_DIR: is unset/],
    [
      "a directory that isn't there",
      { AUDIT_ARCHIVE_DIR: "/nowhere" },
      /AUDIT_ARCHIVE_DIR: can't be written to/,
    ],
    ["a file as directory", { AUDIT_ARCHIVE_DIR: "/etc/hosts" }, /AUDIT_ARCHIVE_DIR: can't be written to/],
    ["a retention of no month", { AUDIT_RETENTION_MONTHS: "0" }, /AUDIT_RETENTION_MONTHS: /],
    ["a retention that isn't a number", { AUDIT_RETENTION_MONTHS: "one" }, /AUDIT_RETENTION_MONTHS: /],
  ])("with %s, nothing is archived", async (_what, changes, expected) => {
    await expect(run(true, changes)).rejects.toThrow(expected);
    await expectNothingLost();
  });

  test("an archive that was damaged is found, and nothing is dropped", async () => {
    const [name = ""] = old;
    await interruptBeforeDetaching();
    const file = path.join(directory, `${name}.jsonl.gz`);
    const bytes = readFileSync(file);
    bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    await expect(run(true)).rejects.toThrow(/is damaged: .*Nothing was dropped/);
    await expectNothingLost();
    rmSync(file);
    await expect(run(true)).rejects.toThrow(/is damaged: .*Nothing was dropped/);
    await expectNothingLost();
    rmSync(path.join(directory, `${name}.json`));
    await run(true);
    await expectArchived();
  });

  test("another database's archive isn't overwritten, and nothing is dropped", async () => {
    const [name = ""] = old;
    await interruptBeforeDetaching();
    const foreign = readFileSync(path.join(directory, `${name}.jsonl.gz`));
    await query(`ALTER TABLE ${name} DISABLE TRIGGER ALL`);
    await query(`UPDATE ${name} SET response_status = 500 WHERE ctid = (SELECT ctid FROM ${name} LIMIT 1)`);
    await expect(run(true)).rejects.toThrow(/holds 20 other rows than .* with 20\. Nothing was dropped/);
    await expectNothingLost();
    expect(readFileSync(path.join(directory, `${name}.jsonl.gz`))).toEqual(foreign);
  });

  test("a row that comes after its month was written to the archive is found, and nothing is dropped", async () => {
    const [name = ""] = old;
    const reader = await holdAuditLog();
    const running = run(true);
    const failed = expect(running).rejects.toThrow(
      /holds 20 other rows than .* with 21\. Nothing was dropped/,
    );
    await eventually(() => expect(existsSync(path.join(directory, `${name}.json`))).toBe(true));
    await query(
      `INSERT INTO agent_audit_logs (surface, operation, endpoint, request_summary, response_status, created_at)
       SELECT surface, operation, endpoint, request_summary, response_status, created_at FROM ${name} LIMIT 1`,
    );
    before[name] = await linesOf(name);
    await reader.query("COMMIT");
    await failed;
    expect(await linesOf(name)).toEqual(before[name]);
    for (const file of readdirSync(directory)) rmSync(path.join(directory, file));
    await run(true);
    await expectArchived();
  });

  test("of two runs at once, one archives and the other one is refused", async () => {
    const reader = await holdAuditLog();
    const first = run(true);
    await eventually(() => expect(existsSync(path.join(directory, `${old[0]}.json`))).toBe(true));
    await expect(run(true)).rejects.toThrow(/another run is archiving/);
    await reader.query("COMMIT");
    await first;
    await expectArchived();
  });

  /** Another connection that reads the audit log, so that nothing can be detached until it commits. */
  async function holdAuditLog(): Promise<pg.Client> {
    const client = await connect();
    await client.query("BEGIN; SELECT FROM agent_audit_logs LIMIT 0");
    return client;
  }

  /** Ends the connections of a killed run, as PostgreSQL does once it notices. */
  const endConnections = () =>
    query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ~ 'lock_patiently|DROP TABLE|FETCH|DECLARE'`,
    );

  /** Kills a run when the first archive is finished, and its partition isn't detached. */
  async function interruptBeforeDetaching(): Promise<void> {
    const reader = await holdAuditLog();
    const program = startProgram(["--archive-audit", "--apply"], environment());
    await eventually(() => expect(existsSync(path.join(directory, `${old[0]}.json`))).toBe(true));
    await program.kill();
    await endConnections();
    await reader.query("COMMIT");
    await expectNothingLost();
  }

  describe("a run that is interrupted loses nothing, and the next one ends its work:", () => {
    test("killed after the archive, before detaching; the archive isn't written again", async () => {
      await interruptBeforeDetaching();
      const manifest = readFileSync(path.join(directory, `${old[0]}.json`), "utf8");
      await run(true);
      await expectArchived();
      expect(readFileSync(path.join(directory, `${old[0]}.json`), "utf8")).toBe(manifest);
    });

    test("killed while the archive is written", async () => {
      const [name = ""] = old;
      await fill(name, 100_000);
      const program = startProgram(["--archive-audit", "--apply"], environment());
      await eventually(
        () =>
          expect(statSync(path.join(directory, `${name}.jsonl.gz.partial`)).size).toBeGreaterThan(100_000),
        30_000,
        5,
      );
      await program.kill();
      await endConnections();
      expect(readdirSync(directory)).toEqual([`${name}.jsonl.gz.partial`]);
      expect(await linesOf(name)).toEqual(before[name]);
      await run(true);
      await expectArchived();
    }, 120_000);

    test("killed after detaching, before dropping", async () => {
      const [name = ""] = old;
      await fill(name, 100_000);
      const program = startProgram(["--archive-audit", "--apply"], environment());
      const reader = await connect();
      await eventually(
        async () =>
          expect(await query("SELECT relispartition FROM pg_class WHERE relname = $1", [name])).toEqual([
            { relispartition: false },
          ]),
        30_000,
        5,
      );
      await reader.query(`BEGIN; SELECT FROM ${name} LIMIT 0`); // so that it can't be dropped
      await eventually(async () =>
        expect(
          await query("SELECT FROM pg_locks WHERE NOT granted AND relation = $1::regclass", [name]),
        ).toHaveLength(1),
      );
      await program.kill();
      await endConnections();
      await reader.query("COMMIT");
      expect(await linesOf(name)).toEqual(before[name]);
      expect(await run(false)).toContainEqual(
        expect.stringMatching(new RegExp(`^due +${name}: .*detached by an interrupted run$`)),
      );
      await run(true);
      await expectArchived();
    }, 120_000);

    test("a database that ends the connection while the archive is written", async () => {
      const [name = ""] = old;
      await fill(name, 100_000);
      const program = startProgram(["--archive-audit", "--apply"], environment());
      await eventually(
        () => expect(existsSync(path.join(directory, `${name}.jsonl.gz.partial`))).toBe(true),
        30_000,
        5,
      );
      await endConnections();
      expect((await program.exited)[0]).toBe(1);
      expect(await linesOf(name)).toEqual(before[name]);
      await run(true);
      await expectArchived();
    }, 120_000);

    test("a disk that is full", async () => {
      const [name = ""] = old;
      await fill(name, 20_000);
      const full = runCommand(
        ["bash", "-c", `ulimit -f 100; exec ${process.execPath} dist/server/main.js --archive-audit --apply`],
        environment(),
      );
      await expect(full).rejects.toThrow(/file too large|EFBIG/i);
      expect(existsSync(path.join(directory, `${name}.json`))).toBe(false);
      expect(await linesOf(name)).toEqual(before[name]);
      await run(true);
      await expectArchived();
    }, 120_000);

    /** Adds rows to a partition. */
    async function fill(name: string, rows: number): Promise<void> {
      await runSql(
        database.url,
        `INSERT INTO agent_audit_logs (grant_id, agent_id, surface, operation, endpoint, request_summary, response_status, created_at)
         SELECT gen_random_uuid(), gen_random_uuid(), 'agent', 'x', '/', '{}', 200, created_at + n * interval '1 microsecond'
           FROM (SELECT min(created_at) AS created_at FROM ${name}) AS first, generate_series(1, ${rows}) AS n`,
      );
      before[name] = await linesOf(name);
    }
  });
});
