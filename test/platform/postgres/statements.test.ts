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

test("the Prisma schema declares each view with the columns that it has", async () => {
  const schema = readFileSync("prisma/schema.prisma", "utf8");
  const declared = [...schema.matchAll(/^view \w+ \{([^}]*)@@map\("(\w+)"\)/gm)].map(
    ([, body = "", view = ""]) => ({
      view,
      columns: [...body.matchAll(FIELD)].map(([, name = "", type = "", list, , attributes = ""]) => ({
        name: /@map\("(\w+)"\)/.exec(attributes)?.[1] ?? name,
        type: `${/@db\.(\w+)/.exec(attributes)?.[1] ?? type}${list ?? ""}`,
      })),
    }),
  );
  const { rows } = await owner.query<{ view: string; columns: { name: string; type: string }[] }>(
    `SELECT c.relname AS view,
            json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL)) ORDER BY a.attnum) AS columns
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
      WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace GROUP BY c.relname`,
  );
  const byName = (left: { name: string }, right: { name: string }) => left.name.localeCompare(right.name);
  expect(declared.length).toBe(rows.length);
  for (const { view, columns } of declared) {
    const actual = rows
      .find((row) => row.view === view)
      ?.columns.map(({ name, type }) => ({ name, type: PRISMA_TYPES[type] }));
    // A view may have columns that Prisma's readers don't need.
    const needed = actual?.filter(({ name }) => columns.some((column) => column.name === name));
    expect(columns.sort(byName), view).toEqual(needed?.sort(byName));
  }
});

/** A field of a view: its name, its type, `[]`, `?` and its attributes. Relations have a type of our own. */
const FIELD = /^ {2}(\w+) +(String|Boolean|Int|BigInt|Float|Bytes|DateTime|Json)(\[\])?(\?)?([^\n]*)$/gm;

/** How the Prisma schema writes PostgreSQL's types. */
const PRISMA_TYPES: Record<string, string> = {
  uuid: "Uuid",
  text: "String",
  "text[]": "String[]",
  boolean: "Boolean",
  integer: "Int",
  bigint: "BigInt",
  "double precision": "Float",
  real: "Real",
  bytea: "Bytes",
  "timestamp with time zone": "Timestamptz",
  jsonb: "Json",
};

/** Statements that read a whole table, and why they may. */
const READS_ALL: Record<string, string> = {
  "budget.sum-spent": "the operator books a credit now and then, and the sum is over budgets, not payments",
  "budget.sum-owed": "the same",
  "operator.list": "there are a few operators",
  "encryption.read-proof": "there is one proof",
  "search.find-best":
    "the best services of the catalogue, in the order of an index, until there are some hundreds",
  "search.list-best-offers": "the same",
};

test("no statement reads a whole table, except background jobs and those with a reason", async () => {
  await server.query("SET enable_seqscan = off");
  const { rows: partial } = await owner.query<{ name: string }>(
    "SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indpred IS NOT NULL",
  );
  const someRows = new Set(partial.map(({ name }) => name));
  const found: Record<string, string> = {};
  for (const { name, text, limit } of STATEMENTS) {
    if (limit === "job") continue;
    const { rows } = await server.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(
      `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`,
    );
    const scanned = rows.flatMap((row) => tablesReadWhole(row["QUERY PLAN"][0].Plan, someRows));
    if (scanned.length > 0) found[name] = [...new Set(scanned)].sort().join(", ");
  }
  expect(Object.keys(found).sort(), JSON.stringify(found)).toEqual(Object.keys(READS_ALL).sort());
});

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Index Cond"?: string;
  Plans?: PlanNode[];
}

/** Tables with a row or a few, which may be read whole. */
const SMALL = ["payment_switch", "ledger_accounts"];

/**
 * The tables whose every row a plan reads: by a sequential scan, or by an index without a condition. An index of some rows
 * only, such as the open ones, is none of them: PostgreSQL prefers it while the table is empty.
 */
function tablesReadWhole(node: PlanNode, someRows: Set<string>): string[] {
  const { "Node Type": type, "Relation Name": table, "Index Name": index } = node;
  const isWhole =
    type === "Seq Scan" ||
    (/^Index/.test(type) && node["Index Cond"] === undefined && !someRows.has(index ?? ""));
  return [
    ...(isWhole && table !== undefined && !SMALL.includes(table) ? [table] : []),
    ...(node.Plans ?? []).flatMap((child) => tablesReadWhole(child, someRows)),
  ];
}
