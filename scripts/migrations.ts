// Migrations are written and checked against a PostgreSQL started for it, so nothing has to be running:
//   npm run migrations:check         do prisma/migrations lead to exactly prisma/schema.prisma?
//   npm run migrations:new -- name   writes the migration that is missing between the two
// Prisma compares tables, columns, keys and indexes. What it can't say (checks, partial indexes, functions) is written
// into the migration by hand, and it is blind to it here.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startPostgres } from "../src/sandbox/postgres/postgres.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const [command, name] = process.argv.slice(2);

if (command === "check") await check();
else if (command === "new" && name !== undefined && /^[a-z][a-z0-9_]*$/.test(name)) await create(name);
else {
  console.error("usage: npm run migrations:check | npm run migrations:new -- a_name_in_snake_case");
  process.exitCode = 2;
}

async function check(): Promise<void> {
  const { same, output } = await diff();
  if (same) {
    console.log("The migrations lead to the schema.");
    return;
  }
  console.error(`The migrations don't lead to prisma/schema.prisma; missing is:\n\n${output.trim()}\n`);
  console.error("`npm run migrations:new -- name` writes it.");
  process.exitCode = 1;
}

async function create(migration: string): Promise<void> {
  const { same, output } = await diff("--script");
  const time = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  const directory = path.join(root, "prisma/migrations", `${time}_${migration}`);
  mkdirSync(directory);
  // An empty one is still a place for what Prisma can't say.
  writeFileSync(path.join(directory, "migration.sql"), same ? "" : `${output.trim()}\n`);
  console.log(
    `${path.relative(root, directory)}/migration.sql${same ? " (empty: Prisma sees no difference)" : ""}`,
  );
}

/** Compares what the migrations make of an empty database with the schema. */
async function diff(...flags: string[]): Promise<{ same: boolean; output: string }> {
  const postgres = await startPostgres({
    directory: mkdtempSync(path.join(tmpdir(), "tollfree-migrations-")),
    ephemeral: true,
    log: () => undefined,
  });
  try {
    const { code, stdout, stderr } = await prisma(postgres.url(), [
      ...["migrate", "diff", "--exit-code"],
      ...["--from-migrations", "prisma/migrations", "--to-schema", "prisma/schema.prisma"],
      ...flags,
    ]);
    // Exit code 0 alone proves nothing: Prisma also gives it when its engine dies without an answer.
    if (code === 0 && /No difference detected|empty migration/.test(stdout))
      return { same: true, output: "" };
    if (code === 2) return { same: false, output: stdout };
    throw new Error(`prisma migrate diff failed (${code}):\n${stdout}${stderr}`);
  } finally {
    await postgres.stop();
  }
}

function prisma(url: string, args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = {
    ...process.env,
    DATABASE_URL: url,
    PRISMA_SCHEMA_ENGINE_BINARY: path.join(root, "scripts/schema-engine.mjs"),
    PRISMA_HIDE_UPDATE_MESSAGE: "1",
  };
  return new Promise((resolve) => {
    execFile(
      path.join(root, "node_modules/.bin/prisma"),
      args,
      { cwd: root, env },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ code, stdout, stderr });
      },
    );
  });
}
