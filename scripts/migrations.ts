// Writes and checks migrations with a temporary PostgreSQL, so no database has to run:
//   npm run migrations:check         checks that prisma/migrations lead to exactly prisma/schema.prisma
//   npm run migrations:new -- name   writes the migration that is missing between the two
// Prisma compares tables, columns, keys and indexes. Checks, partial indexes and functions can't be written in the
// schema. They are written into the migration by hand, and this check doesn't see them.
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
    console.log("prisma/migrations lead to prisma/schema.prisma.");
    return;
  }
  console.error(
    `prisma/migrations don't lead to prisma/schema.prisma. This is missing:\n\n${output.trim()}\n`,
  );
  console.error("Run `npm run migrations:new -- a_name` to write the missing migration.");
  process.exitCode = 1;
}

async function create(migration: string): Promise<void> {
  const { same, output } = await diff("--script");
  const time = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  const directory = path.join(root, "prisma/migrations", `${time}_${migration}`);
  mkdirSync(directory);
  // An empty file is written too, for SQL that Prisma can't write.
  writeFileSync(path.join(directory, "migration.sql"), same ? "" : `${output.trim()}\n`);
  console.log(
    `${path.relative(root, directory)}/migration.sql${same ? " (empty: Prisma sees no difference)" : ""}`,
  );
}

/**
 * Applies the migrations to an empty database, and compares the result with the schema.
 * @throws Error if Prisma fails
 */
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
    // Exit code 0 isn't enough: Prisma also exits with 0 if its engine dies without an answer.
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
