import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { migrateDeploy, MigrationError } from "../../../src/platform/postgres/migrate.ts";
import { createEmptyDatabase, queryRows } from "../../support/database.ts";

/** An empty database and a folder of migrations. `write` adds or replaces a migration. */
async function createProject(migrations: Record<string, string>) {
  const connectionString = await createEmptyDatabase();
  const directory = mkdtempSync(path.join(tmpdir(), "tollfree-migrations-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const write = (migration: string, sql: string): void => {
    mkdirSync(path.join(directory, migration), { recursive: true });
    writeFileSync(path.join(directory, migration, "migration.sql"), sql);
  };
  writeFileSync(path.join(directory, "migration_lock.toml"), 'provider = "postgresql"\n');
  for (const [migration, sql] of Object.entries(migrations)) write(migration, sql);
  const options = { connectionString, directory };
  return { options, write, query: (sql: string) => queryRows(connectionString, sql) };
}

const TWO = {
  "20260101000000_first": "CREATE TABLE a (id int); INSERT INTO a VALUES (1);",
  "20260102000000_second": "CREATE TABLE b (id int); INSERT INTO a VALUES (2);",
};

test("pending migrations are applied in order, and no migration twice", async () => {
  const { options, write, query } = await createProject(TWO);
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  expect(await migrateDeploy({ ...options, log })).toEqual(Object.keys(TWO));
  expect(lines).toHaveLength(2);
  expect(await migrateDeploy(options)).toEqual([]);
  write("20260103000000_third", "INSERT INTO a VALUES (3)");
  expect(await migrateDeploy(options)).toEqual(["20260103000000_third"]);
  expect(await query("SELECT id FROM a ORDER BY id")).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
});

test("three deployments at once apply each migration once", async () => {
  const { options, query } = await createProject(TWO);
  const applied = await Promise.all([migrateDeploy(options), migrateDeploy(options), migrateDeploy(options)]);
  expect(applied.flat().sort()).toEqual(Object.keys(TWO));
  expect(await query("SELECT count(*)::int AS n FROM a")).toEqual([{ n: 2 }]);
});

test("deployments that wait don't hold up one that waits for older statements to end", async () => {
  const { options, query } = await createProject({
    ...TWO,
    "20260103000000_index": "CREATE INDEX CONCURRENTLY a_id ON a (id)",
  });
  const applied = await Promise.all(Array.from({ length: 5 }, () => migrateDeploy(options)));
  expect(applied.flat()).toHaveLength(3);
  expect(await query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_id'::regclass")).toEqual([
    { indisvalid: true },
  ]);
});

test("an applied migration is recorded as Prisma records it", async () => {
  const { options, query } = await createProject({ "1_first": "CREATE TABLE a (id int)" });
  await migrateDeploy(options);
  expect(await query("SELECT * FROM _prisma_migrations")).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      checksum: "6e70fcd8fa64aaecba4287f3d3313df4303b5e9420cd804c261c029d886ee4d8",
      migration_name: "1_first",
      started_at: expect.any(Date),
      finished_at: expect.any(Date),
      rolled_back_at: null,
      logs: null,
      applied_steps_count: 1,
    },
  ]);
});

test("a migration that was changed after it was applied is refused", async () => {
  const { options, write } = await createProject(TWO);
  await migrateDeploy(options);
  write("20260101000000_first", "CREATE TABLE a (id bigint);");
  await expect(migrateDeploy(options)).rejects.toMatchObject({
    code: "modified",
    message: expect.stringContaining("20260101000000_first"),
  });
});

test("a migration that fails is rolled back and reported, and blocks deployments until it is resolved", async () => {
  const { options, query, write } = await createProject({ ...TWO, "20260103000000_bad": "" });
  write("20260103000000_bad", "CREATE TABLE c (id int); SELECT 1 / 0;");
  const failed = migrateDeploy(options);
  await expect(failed).rejects.toBeInstanceOf(MigrationError);
  await expect(failed).rejects.toMatchObject({
    code: "P3018",
    message: /20260103000000_bad.*division by zero/,
  });
  expect(await query("SELECT to_regclass('c') AS c, to_regclass('b')::text AS b")).toEqual([
    { c: null, b: "b" },
  ]);

  await expect(migrateDeploy(options)).rejects.toMatchObject({ code: "P3009" });
  const logs = await query("SELECT logs FROM _prisma_migrations WHERE finished_at IS NULL");
  expect(logs).toEqual([{ logs: expect.stringContaining("division by zero") }]);

  // `prisma migrate resolve --rolled-back` does the same.
  await query("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL");
  write("20260103000000_bad", "CREATE TABLE c (id int);");
  expect(await migrateDeploy(options)).toEqual(["20260103000000_bad"]);
});

test("a migration that fails inside its own transaction is reported and blocks deployments", async () => {
  const { options } = await createProject({
    "1_own": "BEGIN; CREATE TABLE a (id int); SELECT 1 / 0; COMMIT;",
  });
  await expect(migrateDeploy(options)).rejects.toMatchObject({ code: "P3018" });
  await expect(migrateDeploy(options)).rejects.toMatchObject({ code: "P3009" });
});

test("a database with other tables and no migrations is refused", async () => {
  const { options, query } = await createProject(TWO);
  await query("CREATE TABLE other (id int)");
  await expect(migrateDeploy(options)).rejects.toMatchObject({ code: "P3005" });
});
