import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { STATEMENTS } from "../../../src/core/ports/statement.ts";
import "../../../src/app/server.ts"; // loads every module that defines a statement
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase } from "../../support/database.ts";

/** Statements and views, compared with the migrated database. */

let database: TestDatabase;
let owner: pg.Client;
let server: pg.Client;
beforeAll(async () => {
  database = await createDatabase();
  owner = new pg.Client({ connectionString: database.url });
  server = new pg.Client({ connectionString: database.serverUrl });
  await Promise.all([owner.connect(), server.connect()]);
});
afterAll(async () => {
  await Promise.all([owner.end(), server.end()]);
  await database.close();
});

test("each statement has a name of its own", () => {
  const names = STATEMENTS.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(5);
  expect(new Set(names).size).toBe(names.length);
});

test("the server's role may run each statement, with the declared parameters and columns", async () => {
  for (const [index, { name, text, params, row }] of STATEMENTS.entries()) {
    const prepared = `checked_${index}`;
    await server.query(`PREPARE ${prepared} AS ${text}`);
    const { rows } = await server.query<{ parameters: string[]; results: string[] | null }>(
      `SELECT parameter_types::text[] AS parameters, result_types::text[] AS results
         FROM pg_prepared_statements WHERE name = $1`,
      [prepared],
    );
    const declared = (shape: Record<string, { sql: string }>): string[] =>
      Object.values(shape).map(({ sql }) => sql);
    expect(rows[0]?.parameters, name).toEqual(declared(params));
    expect(rows[0]?.results ?? [], name).toEqual(declared(row));
    await server.query(`EXPLAIN (GENERIC_PLAN) ${text}`);
  }
});

test("the migrations make the views that prisma/views.sql describes, each with its reader's rights", async () => {
  const viewsIn = async (schema: string) => {
    await owner.query(`SET LOCAL search_path = ${schema}, public`);
    const { rows } = await owner.query<{ name: string; text: string; options: string[] | null }>(
      `SELECT c.relname AS name, pg_get_viewdef(c.oid) AS text, c.reloptions AS options
         FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace = '${schema}'::regnamespace ORDER BY 1`,
    );
    return rows;
  };
  await owner.query("BEGIN");
  await owner.query("CREATE SCHEMA described; SET LOCAL search_path = described, public");
  await owner.query(readFileSync("prisma/views.sql", "utf8"));
  const described = await viewsIn("described");
  const migrated = await viewsIn("public");
  await owner.query("ROLLBACK");
  expect(described.length).toBeGreaterThan(5);
  expect(migrated).toEqual(described);
  for (const { name, options } of migrated) expect(options, name).toEqual(["security_invoker=true"]);
});
