#!/usr/bin/env node
// Replaces Prisma's native schema engine, whose download isn't reachable everywhere. It speaks the same
// JSON-RPC over stdio, and passes the calls to Prisma's WebAssembly build of the engine, which uses `pg`. It
// supports the methods that `migrate diff`, `migrate dev --create-only` and `migrate status` call.
// scripts/migrations.ts sets PRISMA_SCHEMA_ENGINE_BINARY to this file. It is plain JavaScript with a shebang
// because Prisma executes the file itself.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from "@prisma/driver-adapter-utils";
import pg from "pg";

const { values: options, positionals } = parseArgs({
  options: {
    datasource: { type: "string", default: "{}" },
    datamodels: { type: "string", multiple: true, default: [] },
    version: { type: "boolean" },
  },
  strict: false, // Prisma passes more flags, which are ignored
  allowPositionals: true,
});

// Prisma passes no datasource if it compares only files. Then no connection is made.
const { url = "postgresql://127.0.0.1:1/none" } = JSON.parse(options.datasource);

// Type ids of PostgreSQL's catalogue: "char" and name[] are read as text and text[].
const CHAR = 18;
const READ_AS = { [CHAR]: 25, 1003: 1009 };

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

/** Writes a log line to stderr, like the native engine. Prisma shows the last error in these lines. */
const logError = (fields) =>
  process.stderr.write(
    `${JSON.stringify({ level: "ERROR", target: "schema_engine::logger", timestamp: new Date(), fields })}\n`,
  );

/**
 * Does `schema-engine cli can-connect-to-database`. Returns the exit code: 0, or 1 after logging an error code
 * of Prisma.
 */
async function answerCanConnect() {
  const client = new pg.Client({ connectionString: url });
  try {
    if (positionals[1] !== "can-connect-to-database")
      throw new Error(`scripts/schema-engine.mjs doesn't support the command ${positionals[1]}`);
    await client.connect();
    return 0;
  } catch (error) {
    const code = { "3D000": "P1003", "28P01": "P1000", 28000: "P1010" }[error.code] ?? "P1001";
    process.stderr.write("\n"); // Prisma skips the first line here
    logError({ message: error.message || String(error), error_code: code, is_panic: false });
    return 1;
  } finally {
    await client.end();
  }
}

async function serve() {
  let engine;
  let answer;
  // If the Wasm engine panics, its promises never settle. Without an answer, Prisma would exit with 0 and no
  // message.
  process.on("uncaughtException", (error) => {
    answer(failure(error));
    process.exitCode = 1;
    process.stdin.destroy();
  });
  // Requests are answered one after the other, since the engine can't run two calls at once.
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line);
    if (method === undefined) continue; // Prisma's acknowledgement of a `print`
    answer = (message) => send({ id, ...message });
    try {
      engine ??= await startEngine();
      answer({ result: (await call(engine, id, method, params)) ?? {} });
    } catch (error) {
      answer(failure(error));
    }
  }
}

const failure = (error) => ({
  error: {
    code: 4466,
    message: "An error happened. Check the data field for details.",
    data: { is_panic: false, message: error?.message ?? String(error), error_code: error?.code ?? null },
  },
});

async function call(engine, id, method, params) {
  switch (method) {
    case "getDatabaseVersion":
      return engine.version(params);
    case "diff": {
      const result = await engine.diff(params);
      // The native engine prints its result. The Wasm engine returns the text, which is sent to Prisma to print.
      if (result.stdout !== null)
        send({ id: `print-${id}`, method: "print", params: { content: result.stdout } });
      return result;
    }
    case "evaluateDataLoss":
    case "createMigration": {
      // These calls need the schema that the migrations lead to. The Wasm engine computes it only in
      // `devDiagnostic`, and keeps it.
      const { migrationsList, filters } = params;
      await engine.devDiagnostic({ migrationsList, filters });
      return engine[method](params);
    }
    case "applyMigrations":
    case "devDiagnostic":
    case "diagnoseMigrationHistory":
    case "ensureConnectionValidity":
      return engine[method](params);
    default:
      throw new Error(`scripts/schema-engine.mjs doesn't support the method ${method}`);
  }
}

async function startEngine() {
  // The Wasm file is loaded explicitly, since Node imports `.wasm` files only behind a flag.
  const bindings = await import("@prisma/schema-engine-wasm/schema_engine_bg");
  const code = import.meta.resolve("@prisma/schema-engine-wasm/schema_engine_bg").replace(/\.js$/, ".wasm");
  const { instance } = await WebAssembly.instantiate(readFileSync(fileURLToPath(code)), {
    "./schema_engine_bg.js": bindings,
  });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (message) => logError({ message, is_panic: true }) };

  const datamodels = options.datamodels.map((path) => [path, readFileSync(path, "utf8")]);
  return bindings.SchemaEngine.new(
    { datamodels: datamodels.length > 0 ? datamodels : undefined },
    () => undefined, // the engine's debug log
    bindMigrationAwareSqlAdapterFactory({
      provider: "postgres",
      adapterName: "@prisma/adapter-pg",
      connect: () => connect({ connectionString: url }),
      connectToShadowDb,
    }),
  );
}

async function connect(config, release = async () => {}) {
  const pool = new pg.Pool(config);
  const adapter = await new PrismaPg(pool).connect();

  // The engine reads PostgreSQL's catalogue, which has types that the adapter doesn't support.
  const { queryRaw } = adapter;
  adapter.queryRaw = async (query) => {
    let types = [];
    const performIO = async (query) => {
      const result = await adapter.performIO(query);
      types = result.fields.map((field) => field.dataTypeID);
      for (const field of result.fields) field.dataTypeID = READ_AS[field.dataTypeID] ?? field.dataTypeID;
      return result;
    };
    const result = await queryRaw.call(Object.assign(Object.create(adapter), { performIO }), query);
    result.columnTypes = result.columnTypes.map((type, i) =>
      types[i] === CHAR ? ColumnTypeEnum.Character : type,
    );
    return result;
  };

  // The adapter's own function splits a script at every semicolon, even inside comments, strings and functions.
  adapter.executeScript = async (script) =>
    void (await pool.query(script).catch((error) => adapter.onError(error)));
  adapter.dispose = async () => {
    await pool.end();
    await release();
  };
  return adapter;
}

/**
 * Connects to a temporary database in which the migrations are replayed. The adapter's own function drops its
 * database while it is still connected to it, which fails.
 */
async function connectToShadowDb() {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const name = `shadow_${randomUUID().replaceAll("-", "")}`;
  await admin.query(`CREATE DATABASE ${name}`);
  const shadowUrl = new URL(url);
  shadowUrl.pathname = name;
  return connect({ connectionString: shadowUrl.href }, async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await admin.end();
  });
}

if (options.version) {
  console.log("schema-engine-cli wasm");
} else if (positionals[0] === "cli") {
  process.exitCode = await answerCanConnect();
} else {
  await serve();
}
