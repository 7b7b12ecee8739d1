import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { text as textType } from "../../../src/core/ports/sql-types.ts";
import type { Sql, SqlPool, SqlQuery } from "../../../src/core/ports/sql.ts";
import { createPool } from "../../../src/platform/postgres/pool.ts";
import { createSqlPool } from "../../../src/platform/postgres/sql-pool.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase, runSql } from "../../support/database.ts";

/** How statements and transactions reach PostgreSQL. */

let database: TestDatabase;
let pool: pg.Pool;
let sql: SqlPool;

beforeAll(async () => {
  database = await createDatabase();
  await runSql(database.url, "CREATE TABLE notes (name text PRIMARY KEY)");
  // The tests' PostgreSQL flushes nothing, so that they are quick.
  await runSql(
    database.url,
    `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET synchronous_commit = on`,
  );
  pool = createPool({ url: database.url, size: 1 });
  sql = createSqlPool(pool);
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

const query = (
  name: string,
  text: string,
  values: string[] = [],
  more: Partial<SqlQuery> = {},
): SqlQuery => ({
  ...{ name, text, values, limit: "money", columns: [{ name: "value", type: textType.sql }] },
  ...more,
});
const add = (name: string): SqlQuery =>
  query("add", "INSERT INTO notes (name) VALUES ($1) RETURNING name", [name]);
const SETTING = "SELECT current_setting('synchronous_commit')";
const ask = async (on: Sql, name: string, text: string, more: Partial<SqlQuery> = {}): Promise<unknown> =>
  (await on.run(query(name, text, [], more))).rows[0]?.["value"];
const notes = (): Promise<unknown> =>
  ask(sql, "notes", "SELECT coalesce(string_agg(name, ' ' ORDER BY name), '') FROM notes");

test("a transaction whose last statement commits is kept, and another connection sees it at once", async () => {
  const result = await sql.transaction(async (tx) => {
    expect(await tx.run(add("one"))).toEqual({ rows: [{ value: "one" }], count: 1 });
    return tx.last.run(add("two"));
  });
  expect(result).toEqual({ rows: [{ value: "two" }], count: 1 });
  const { rows } = await runSqlRows("SELECT name FROM notes ORDER BY name");
  expect(rows).toEqual([{ name: "one" }, { name: "two" }]);
});

test("a transaction whose last statement fails keeps nothing, and its connection stays usable", async () => {
  const failing = sql.transaction(async (tx) => {
    await tx.run(add("three"));
    await tx.last.run(add("one"));
  });
  await expect(failing).rejects.toMatchObject({ code: "23505" });
  expect(await notes()).toBe("one two");
});

test("a transaction whose first statement fails keeps nothing, also of what comes after it", async () => {
  const failing = sql.transaction(async (tx) => {
    await tx.run(query("no-such-table", "SELECT 1 FROM no_such_table")).catch(() => undefined);
    await tx.run(add("four"));
  });
  await expect(failing).rejects.toMatchObject({ code: "25P02" });
  expect(await notes()).toBe("one two");
});

test("a statement that couldn't be parsed at a transaction's begin can be run once it can", async () => {
  const late = query("late", "SELECT name FROM late_notes");
  await expect(sql.transaction((tx) => tx.run(late))).rejects.toMatchObject({ code: "42P01" });
  await runSql(database.url, "CREATE TABLE late_notes AS SELECT 'late' AS name");
  expect((await sql.transaction((tx) => tx.run(late))).rows).toEqual([{ value: "late" }]);
  expect((await sql.transaction((tx) => tx.last.run(late))).rows).toEqual([{ value: "late" }]);
});

test("a transaction is rolled back if its work throws, after any statement", async () => {
  const failing = sql.transaction(async (tx) => {
    await tx.run(add("five"));
    throw new Error("changed its mind");
  });
  await expect(failing).rejects.toThrow("changed its mind");
  expect(await notes()).toBe("one two");
});

test("nothing runs after a transaction's last statement", async () => {
  const failing = sql.transaction(async (tx) => {
    await tx.last.run(add("six"));
    await tx.run(add("seven"));
  });
  await expect(failing).rejects.toThrow("add comes after the transaction's last statement");
  expect(await notes()).toBe("one six two");
});

test("a transaction without statements does nothing", async () => {
  expect(await sql.transaction(() => Promise.resolve("nothing"))).toBe("nothing");
});

test("only what says so isn't flushed, and the next statement on the same connection is", async () => {
  expect(await ask(sql, "lone", SETTING)).toBe("on");
  expect(await ask(sql, "lone-unflushed", SETTING, { flushes: false })).toBe("off");
  expect(await ask(sql, "lone", SETTING)).toBe("on");
  expect(await sql.transaction((tx) => ask(tx, "in-transaction", SETTING))).toBe("on");
  const unflushed = sql.transaction(
    async (tx) => [await ask(tx, "first", SETTING), await ask(tx.last, "second", SETTING)],
    { flushes: false },
  );
  expect(await unflushed).toEqual(["off", "off"]);
  expect(await ask(sql, "lone", SETTING)).toBe("on");
});

test("a transaction by index reads by index from its first statement on", async () => {
  const setting = "SELECT current_setting('enable_seqscan')";
  expect(await sql.transaction((tx) => ask(tx, "seqscan", setting), { byIndex: true })).toBe("off");
  expect(await sql.transaction((tx) => ask(tx, "seqscan", setting))).toBe("on");
});

test("a statement without a name is sent with its transaction's begin, too", async () => {
  const unprepared = createSqlPool(pool, { prepare: false });
  const read = (tx: Sql): Promise<unknown> => ask(tx, "in-transaction", SETTING);
  expect(await unprepared.transaction(read, { flushes: false })).toBe("off");
});

/** Reads on a connection of its own. */
async function runSqlRows(text: string): Promise<{ rows: unknown[] }> {
  const other = createPool({ url: database.url, size: 1 });
  const { rows } = await other.query<Record<string, unknown>>(text);
  await other.end();
  return { rows };
}
