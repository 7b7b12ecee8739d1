// `npm run owners:check`: checks that each table is written only by its owner, as docs/table-owners.md says, or by a
// statement that the document lists with a reason. PostgreSQL's own parser reads the statements.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { loadModule, parseSync } from "libpg-query";
import ts from "typescript";
import { STATEMENTS } from "../src/core/ports/statement.ts";
import "../src/app/server.ts"; // loads every module that defines a statement

const DOCUMENT = "docs/table-owners.md";
/** The list of exceptions may only get shorter. */
const MAX_EXCEPTIONS = 14;

await loadModule();
const mistakes: string[] = [];

/** The rows of the document's tables: `| name | second cell | …`, without their backticks. */
const rows = readFileSync(DOCUMENT, "utf8")
  .split("\n")
  .filter((line) => /^\| `/.test(line))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
const owners = new Map(rows.filter((cells) => cells.length === 2).map(([table, owner]) => [table, owner]));
/** What a statement or a file may write besides its own tables. */
const exceptions = new Map(
  rows
    .filter((cells) => cells.length === 3)
    .map(([writer = "", tables = ""]) => [writer, new Set(tables.split(", "))]),
);

const models = new Map(
  [...readFileSync("prisma/schema.prisma", "utf8").matchAll(/^model (\w+) \{[\s\S]*?@@map\("(\w+)"\)/gm)].map(
    ([, model = "", table = ""]) => [model.charAt(0).toLowerCase() + model.slice(1), table],
  ),
);
for (const table of models.values()) if (!owners.has(table)) mistakes.push(`${table} has no owner`);
for (const table of owners.keys())
  if (![...models.values()].includes(table ?? "")) mistakes.push(`there is no table ${table}`);
if (exceptions.size > MAX_EXCEPTIONS)
  mistakes.push(`${exceptions.size} exceptions, but there may be only ${MAX_EXCEPTIONS}`);

/** The tables that a parsed statement inserts into, updates or deletes from, also in its common table expressions. */
function tablesWritten(node: unknown, found = new Set<string>()): Set<string> {
  if (typeof node !== "object" || node === null) return found;
  for (const kind of ["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"]) {
    const written = (node as Record<string, { relation: { relname: string } } | undefined>)[kind];
    if (written !== undefined) found.add(written.relation.relname);
  }
  for (const child of Object.values(node)) tablesWritten(child, found);
  return found;
}

const used = new Map<string, Set<string>>();
/** Checks one write: `noun` is the folder that it stands in, `writer` the name of the statement or the file. */
function check(noun: string, writer: string, table: string): void {
  if (owners.get(table) === noun) return;
  if (exceptions.get(writer)?.has(table) === true) {
    used.set(writer, (used.get(writer) ?? new Set()).add(table));
    return;
  }
  mistakes.push(`${writer} writes ${table}, which belongs to ${owners.get(table) ?? "nobody"}`);
}

for (const { name, text } of STATEMENTS)
  for (const table of tablesWritten(parseSync(text))) check(name.split(".")[0] ?? "", name, table);

const PRISMA_WRITES =
  /^(create|createMany|createManyAndReturn|update|updateMany|updateManyAndReturn|upsert|delete|deleteMany)$/;
const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.includes("generated"))
  .map((file) => path.join("src", file));
for (const file of files) {
  const noun = path.basename(path.dirname(file));
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  walk(source, (node) => {
    checkName(file, noun, node);
    if (ts.isTaggedTemplateExpression(node) && /\$(query|execute)Raw/.test(node.tag.getText())) {
      if (/^`SET LOCAL /.test(node.template.getText())) return; // a setting of the transaction, and no table
      // Such a file is listed whole: its SQL can't be read here.
      if (exceptions.has(file)) used.set(file, exceptions.get(file) ?? new Set());
      else mistakes.push(`${file} has SQL that isn't a statement`);
    }
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
    const { name, expression } = node.expression;
    const table = ts.isPropertyAccessExpression(expression) ? models.get(expression.name.text) : undefined;
    if (table !== undefined && PRISMA_WRITES.test(name.text)) check(noun, file, table);
    if (name.text === "transaction" || name.text === "snapshot") checkTransaction(file, node);
  });
}

/** A statement's name begins with its noun, so that its writes are the noun's. */
function checkName(file: string, noun: string, node: ts.Node): void {
  if (!ts.isCallExpression(node) || node.expression.getText() !== "statement") return;
  const [, name] = /name: "([^"]+)"/.exec(node.getText()) ?? [];
  if (name !== undefined && name.split(".")[0] !== noun)
    mistakes.push(`${file}: the statement ${name} doesn't begin with "${noun}."`);
}

/** In a transaction only statements run: a Prisma query would run outside of it. */
function checkTransaction(file: string, call: ts.CallExpression): void {
  for (const argument of call.arguments)
    walk(argument, (node) => {
      if (ts.isIdentifier(node) && node.text === "db" && !ts.isPropertyAssignment(node.parent))
        mistakes.push(`${file} uses Prisma (db) inside of a transaction`);
    });
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

for (const [writer, tables] of exceptions)
  for (const table of tables)
    if (used.get(writer)?.has(table) !== true)
      mistakes.push(`the exception of ${writer} for ${table} isn't needed any more: remove it`);

for (const mistake of mistakes) console.error(mistake);
if (mistakes.length === 0) console.log(`${STATEMENTS.length} statements, ${exceptions.size} exceptions.`);
else process.exitCode = 1;
process.exit();
