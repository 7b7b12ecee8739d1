import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import pg from "pg";
import { readConfig } from "../../src/app/config.ts";
import { start } from "../../src/app/start.ts";
import { partitionOf } from "../support/audit-months.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase, createEmptyDatabase, runSql } from "../support/database.ts";
import { startHttpServer } from "../support/http-server.ts";
import { fundedEnvironment, runProgram, startProcess } from "../support/process.ts";
import { freePort } from "../support/programs.ts";
import { startRpc } from "../support/scripted-rpc.ts";

/** What an operator reads when a start fails: one line with the variable, what was found and what to do. */

/** Stands for the key of an RPC's provider. */
const RPC_KEY = "rpckey0123456789abcdef";
const PASSWORD = "p@ss/word?:#%&";

let database: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  database = await createDatabase();
  ({ env } = await fundedEnvironment(database.serverUrl, 1n));
});
afterAll(() => database.close());

/** The message of a start that fails with these changes, in this process, since a new one takes seconds. */
async function failedStart(changes: Record<string, string>): Promise<string> {
  const config = readConfig({ PORT: "0", LOG_LEVEL: "silent", ...env, ...changes });
  const server = await start(config).catch((error: unknown) => error as Error);
  if (server instanceof Error) return server.message;
  await server.stop();
  throw new Error("the server started");
}

/** The output of a server's process that doesn't start with these changes. */
async function failedProcess(changes: Record<string, string>): Promise<string> {
  const server = await startProcess({ ...env, ...changes }).catch((error: unknown) => error as Error);
  if (!(server instanceof Error)) {
    await server.kill();
    throw new Error(`the server started:\n${server.output()}`);
  }
  expect(server.message).toContain("ended with 1");
  return server.message.slice(server.message.indexOf("\n") + 1).trim();
}

/** Expects one line for a person, beside the log's lines of JSON, without any secret. */
function expectOneLine(output: string, expected: RegExp): void {
  const lines = output.split("\n").filter((line) => !line.startsWith("{"));
  expect(lines).toEqual([expect.stringMatching(expected)]);
  for (const secret of [RPC_KEY, PASSWORD, encodeURIComponent(PASSWORD), env["TREASURY_PRIVATE_KEY"] ?? ""])
    expect(output).not.toContain(secret);
}

/** A database URL with some parts changed. */
function databaseUrl(change: (url: URL) => void): string {
  const url = new URL(database.serverUrl);
  change(url);
  return url.href;
}

describe("a start with a wrong chain names the variable", { timeout: 60_000 }, () => {
  test("X402_RPC_URL, if nothing listens there", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/v2/${RPC_KEY}`;
    expectOneLine(await failedProcess({ X402_RPC_URL: url }), /^X402_RPC_URL: /);
    expectOneLine(
      await failedStart({ X402_RPC_URL: url }),
      new RegExp(
        `^X402_RPC_URL: http://127.0.0.1:${port} refuses the connection. Set it to an RPC of eip155:84532`,
      ),
    );
  });

  test("X402_RPC_URL, if its name doesn't resolve", async () => {
    const output = await failedStart({ X402_RPC_URL: `http://rpc.invalid/v2/${RPC_KEY}` });
    expectOneLine(output, /^X402_RPC_URL: http:\/\/rpc\.invalid has a name that can't be resolved\. /);
  });

  test.each([
    [401, "answers with status 401"],
    [200, "doesn't answer as an RPC"],
  ])("X402_RPC_URL, if it answers every call with status %i and a web page", async (status, found) => {
    const page = await startHttpServer((_, res) => res.writeHead(status).end("<html>"));
    onTestFinished(() => page.close());
    const output = await failedStart({ X402_RPC_URL: `${page.url}/?apikey=${RPC_KEY}` });
    expectOneLine(output, new RegExp(`^X402_RPC_URL: ${page.url} ${found}\\. `));
  });

  test("X402_RPC_URL, if it serves another chain", async () => {
    const url = await startRpc({ eth_chainId: "0x1" });
    const output = await failedStart({ X402_RPC_URL: `${url}/${RPC_KEY}` });
    expectOneLine(output, /^X402_RPC_URL: \S+ serves eip155:1, and X402_NETWORK is eip155:84532\. Set one/);
  });

  test("X402_ASSET, if it isn't a contract", async () => {
    const output = await failedStart({ X402_ASSET: `0x${"12".repeat(20)}` });
    expectOneLine(
      output,
      /^X402_ASSET: 0x1212\w+ isn't a contract on eip155:84532\. Set it to the address of USDC/,
    );
  });

  test("X402_ASSET, if it has other than 6 decimals", async () => {
    const url = await startRpc({ eth_call: `0x${"12".padStart(64, "0")}` });
    const output = await failedStart({ X402_RPC_URL: url });
    expectOneLine(output, /^X402_ASSET: \S+ has 18 decimals, and USDC has 6\. /);
  });

  test("X402_ASSET, if it is a contract but not a token", async () => {
    const url = await startRpc({ eth_call: "0x" });
    const output = await failedStart({ X402_RPC_URL: url });
    expectOneLine(output, /^X402_ASSET: \S+ is a contract but not a token: it has no decimals\. /);
  });
});

describe("a start with a wrong database names DATABASE_URL", { timeout: 60_000 }, () => {
  test("if nothing listens there", async () => {
    const port = await freePort();
    const url = databaseUrl((to) => {
      to.port = String(port);
      to.password = encodeURIComponent(PASSWORD);
    });
    const output = await failedStart({ DATABASE_URL: url });
    expectOneLine(
      output,
      new RegExp(`^DATABASE_URL: \\S+:${port} refuses the connection\\. Start PostgreSQL there`),
    );
  });

  test("if the server never answers", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as { port: number };
    const url = databaseUrl((to) => (to.port = String(port)));
    const output = await failedStart({ DATABASE_URL: url });
    expectOneLine(output, /^DATABASE_URL: \S+ doesn't answer in time\. /);
  });

  test("if the password is wrong", async () => {
    const url = databaseUrl((to) => (to.password = encodeURIComponent(PASSWORD)));
    const output = await failedStart({ DATABASE_URL: url });
    expectOneLine(output, /^DATABASE_URL: \S+ refuses the password of the role "tollfree_app"\. Check/);
  });

  test("if there is no such database", async () => {
    const output = await failedStart({ DATABASE_URL: databaseUrl((to) => (to.pathname = "nowhere")) });
    expectOneLine(output, /^DATABASE_URL: \S+ has no database "nowhere"\. Create it/);
  });

  test("if migrations are pending and the role may not make tables", async () => {
    const empty = new URL(await createEmptyDatabase());
    const url = databaseUrl((to) => (to.pathname = empty.pathname));
    const output = await failedStart({ DATABASE_URL: url });
    expectOneLine(
      output,
      /^DATABASE_URL: the role "tollfree_app" has no right .* run --migrate and docs\/restricted-role/,
    );
  });

  test("if the role lacks a right that servers need", async () => {
    const other = await createDatabase();
    onTestFinished(() => other.close());
    await runSql(other.url, "REVOKE ALL ON key_proofs FROM tollfree_app");
    const output = await failedStart({ DATABASE_URL: other.serverUrl });
    expectOneLine(
      output,
      /^DATABASE_URL: the role "tollfree_app" has no right .*permission denied for table key_proofs/,
    );
  });

  test("also with --migrate and --verify-ledger", async () => {
    const wrong = { ...env, DATABASE_URL: databaseUrl((to) => (to.password = encodeURIComponent(PASSWORD))) };
    for (const flag of ["--migrate", "--verify-ledger"] as const) {
      const failed = await runProgram(flag, wrong).catch((error: unknown) => error as { stderr: string });
      expectOneLine(failed.stderr.trim(), /^DATABASE_URL: \S+ refuses the password/);
    }
  });
});

test("a start on a port that is taken names HOST and PORT", { timeout: 60_000 }, async () => {
  const taken = await startHttpServer(() => undefined);
  onTestFinished(() => taken.close());
  const output = await failedStart({ PORT: new URL(taken.url).port });
  expectOneLine(output, /^HOST and PORT: 127\.0\.0\.1:\d+ is in use by another program\. /);
});

test("a start without an administrator's key says that /admin is closed, and goes on", async () => {
  const server = await startProcess({ ...env, ADMIN_API_KEY: "" });
  onTestFinished(() => server.kill());
  const lines = server.output().split("\n");
  const warning = lines.find((line) => line.includes("setup_warning"));
  expect(JSON.parse(warning ?? "{}")).toMatchObject({ level: "warn", setting: "ADMIN_API_KEY" });
  const admin = await fetch(`${server.url}/admin/users`, { headers: { authorization: "Bearer x" } });
  expect(admin.status).toBe(401);
}, 60_000);

test(
  "a start with a key of another installation names it, and prints no key",
  { timeout: 60_000 },
  async () => {
    const first = await startProcess(env);
    await first.kill();
    const other = randomBytes(32).toString("base64");
    const output = await failedProcess({ DATA_ENCRYPTION_KEY: other });
    expectOneLine(
      output,
      /^DATA_ENCRYPTION_KEY: the database was encrypted with another key\. Set it to that key/,
    );
    for (const key of [other, env["DATA_ENCRYPTION_KEY"] ?? ""]) expect(output).not.toContain(key);
    const digest = await failedStart({ DIGEST_KEY: other });
    expectOneLine(digest, /^DIGEST_KEY: the database's codes and pseudonyms were made with another key\. /);
  },
);

test("a server of the owner starts although a long read keeps it from adding partitions, and says so", async () => {
  const { url } = database;
  await runSql(url, `DROP TABLE ${await partitionOf(url, 6)}`);
  const reader = new pg.Client({ connectionString: url });
  await reader.connect();
  onTestFinished(() => reader.end());
  await reader.query("BEGIN; SELECT FROM agent_audit_logs LIMIT 0");
  const server = await startProcess({ ...env, DATABASE_URL: url });
  expect(server.output()).toContain("audit_partitions_not_added");
  await reader.query("COMMIT");
  expect(await server.stop()).toBe(0);
}, 60_000);
