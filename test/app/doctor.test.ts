import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { encodeAbiParameters } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { examine } from "../../src/app/doctor/index.ts";
import { blockClockCheck, clockCheck } from "../../src/app/doctor/clock.ts";
import { readConfig } from "../../src/app/config.ts";
import { start } from "../../src/app/start.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase, createEmptyDatabase, runSql } from "../support/database.ts";
import { expectToken, startGuardedFacilitator } from "../support/guarded-facilitator.ts";
import { startHttpServer } from "../support/http-server.ts";
import { fundedEnvironment, runProgram } from "../support/process.ts";
import { freePort } from "../support/programs.ts";
import type { TestRedis } from "../support/redis.ts";
import { startRedis } from "../support/redis.ts";
import { startRpc } from "../support/scripted-rpc.ts";

/** A whole installation, which each test breaks in one way. */
let database: TestDatabase;
let redis: TestRedis;
let env: Record<string, string>;
beforeAll(async () => {
  [database, redis] = await Promise.all([createDatabase(), startRedis()]);
  const funded = await fundedEnvironment(database.serverUrl, 1_000_000n);
  env = {
    ...funded.env,
    REDIS_URL: redis.url,
    NODE_ENV: "production",
    PUBLIC_BASE_URL: "https://tollfree.example",
  };
  const server = await start(readConfig({ ...env, PORT: "0", LOG_LEVEL: "silent", DRAIN_SECONDS: "0" }));
  await server.stop();
});
afterAll(async () => {
  await redis.close();
  await database.close();
});

const NAMES = [
  ...["configuration", "database", "database clock", "migrations", "rights", "audit log", "keys", "redis"],
  ...["chain", "chain clock", "facilitator", "treasury signer", "treasury balance"],
];

async function examineWith(changes: Record<string, string> = {}) {
  const lines: string[] = [];
  const outcomes = await examine((line) => lines.push(line), { ...env, ...changes });
  return { lines, outcomes };
}

/** Expects that exactly this check has a problem, with this text, and that all others passed or needed it. */
async function expectFound(name: string, expected: RegExp, changes: Record<string, string> = {}) {
  const { lines, outcomes } = await examineWith(changes);
  const problems = lines.filter((line) => line.startsWith("PROBLEM"));
  expect(problems).toEqual([expect.stringMatching(new RegExp(`^PROBLEM +${name}: ${expected.source}`))]);
  const skipped = Object.entries(outcomes).flatMap(([other, outcome]) =>
    outcome === "skipped" ? [other] : [],
  );
  for (const other of skipped)
    expect(lines.join("\n")).toMatch(new RegExp(`- +${other}: not checked, because of`));
  return outcomes;
}

function databaseUrl(change: (url: URL) => void): string {
  const url = new URL(env["DATABASE_URL"] ?? "");
  change(url);
  return url.href;
}

/** A migrated database of its own, changed by its owner. */
async function changedDatabase(sql: string): Promise<Record<string, string>> {
  const other = await createDatabase();
  onTestFinished(() => other.close());
  await runSql(other.url, sql);
  return { DATABASE_URL: other.serverUrl };
}

test("a whole installation has no problem: one line for each check, and nothing is changed", async () => {
  const before = await database.db.keyProof.findMany();
  const { lines, outcomes } = await examineWith();
  expect(lines.filter((line) => !line.startsWith("ok "))).toEqual([]);
  expect(Object.keys(outcomes)).toEqual(NAMES);
  expect(lines).toHaveLength(NAMES.length);
  expect(await database.db.keyProof.findMany()).toEqual(before);
  expect(await database.db.agentAuditLog.count()).toBe(0);
});

test("npm run doctor exits with 0 without a problem and with 1 with one, and prints no secret", async () => {
  const whole = await runProgram("--doctor", env);
  expect(whole.stdout.trim().split("\n")).toHaveLength(NAMES.length);
  const password = "p@ss/word?:#%&";
  const broken = [
    { ...env, DATABASE_URL: databaseUrl((url) => (url.password = encodeURIComponent(password))) },
    { ...env, DATABASE_URL: databaseUrl((url) => (url.password = "")), PGPASSWORD: password },
  ];
  let printed = whole.stdout;
  for (const variables of broken) {
    const failed = await runProgram("--doctor", variables).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/PROBLEM {2}database: .* refuses the password/) as string,
    });
    const { stdout, stderr } = failed as { stdout: string; stderr: string };
    printed += stdout + stderr;
  }
  const secrets = [
    password,
    encodeURIComponent(password),
    env["TREASURY_PRIVATE_KEY"],
    env["DATA_ENCRYPTION_KEY"],
  ];
  for (const secret of secrets) expect(printed).not.toContain(secret);
}, 90_000);

test("the sandbox has no problem without a variable", async () => {
  const lines: string[] = [];
  expect(await examine((line) => lines.push(line), {})).toEqual({ configuration: "ok", redis: "ok" });
});

describe("the examination finds, by name,", () => {
  test("each mistake of the configuration", async () => {
    const { lines, outcomes } = await examineWith({ X402_ASSET: "", X402_NETWORK: "base" });
    expect(outcomes).toEqual({ configuration: "problem" });
    expect(lines).toEqual([
      expect.stringContaining("PROBLEM  configuration: X402_NETWORK: "),
      expect.stringContaining("PROBLEM  configuration: X402_ASSET: is required"),
    ]);
  });

  test("a production without its public address", () =>
    expectFound("configuration", /PUBLIC_BASE_URL: is unset/, { PUBLIC_BASE_URL: "" }));

  test("a database that is down, without asking it anything more", async () => {
    const port = await freePort();
    const DATABASE_URL = databaseUrl((url) => (url.port = String(port)));
    const outcomes = await expectFound("database", /DATABASE_URL: \S+ refuses the connection/, {
      DATABASE_URL,
    });
    expect(outcomes).toMatchObject({
      migrations: "skipped",
      rights: "skipped",
      keys: "skipped",
      chain: "ok",
    });
  });

  test("a wrong password", () =>
    expectFound("database", /DATABASE_URL: \S+ refuses the password/, {
      DATABASE_URL: databaseUrl((url) => (url.password = "wrong-password")),
    }));

  test("pending migrations", async () => {
    const DATABASE_URL = await createEmptyDatabase();
    await expectFound("migrations", /DATABASE_URL: \d+ migrations are pending, .*Run --migrate/, {
      DATABASE_URL,
    });
  });

  test("a migration that was changed after it was applied, and one that failed", async () => {
    const change =
      "UPDATE _prisma_migrations SET checksum = 'x' WHERE migration_name = '20261122000000_init'";
    await expectFound(
      "migrations",
      /DATABASE_URL: modified: .*20261122000000_init/,
      await changedDatabase(change),
    );
    const fail = change.replace("checksum = 'x'", "finished_at = NULL");
    await expectFound(
      "migrations",
      /DATABASE_URL: P3009: .*20261122000000_init/,
      await changedDatabase(fail),
    );
  });

  test.each([
    ["to read", "REVOKE SELECT ON users FROM tollfree_app", "SELECT on users"],
    ["to insert", "REVOKE INSERT ON consents FROM tollfree_app", "INSERT on consents"],
    ["to update", "REVOKE UPDATE ON payments FROM tollfree_app", "permission denied for table payments"],
    ["to delete", "REVOKE DELETE ON rate_limit_counters FROM tollfree_app", "rate_limit_counters"],
  ])("a role without a right %s", async (_, sql, expected) => {
    const found = new RegExp(`DATABASE_URL: the role lacks rights: .*${expected}.*restricted-role.sql`);
    await expectFound("rights", found, await changedDatabase(sql));
  });

  test("an audit log that needs partitions for the next months", async () => {
    const drop = `DO $$ DECLARE t text; BEGIN
      FOR t IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'agent_audit_logs'::regclass AND c.relname ~ '_20\\d\\d_\\d\\d$' AND c.relname !~ 'until' LOOP
        EXECUTE 'DROP TABLE ' || t;
      END LOOP; END $$`;
    await expectFound(
      "audit log",
      /DATABASE_URL: the audit log has partitions for only [01] more months\. Run --migrate or --archive-audit/,
      await changedDatabase(drop),
    );
  });

  test("another encryption key, and another digest key", async () => {
    const key = randomBytes(32).toString("base64");
    await expectFound("keys", /DATA_ENCRYPTION_KEY: the database was encrypted with another key/, {
      DATA_ENCRYPTION_KEY: key,
    });
    await expectFound("keys", /DIGEST_KEY: /, { DIGEST_KEY: key });
  });

  test("a Redis that is down", async () => {
    const REDIS_URL = `redis://:redis-password@127.0.0.1:${await freePort()}`;
    await expectFound("redis", /REDIS_URL: 127\.0\.0\.1:\d+ refuses the connection/, { REDIS_URL });
  });

  test("a Redis that evicts, one that takes no writes, and one that wants a password", async () => {
    const other = await startRedis();
    onTestFinished(() => other.close());
    const admin = new Redis(other.url);
    onTestFinished(() => admin.disconnect());
    const REDIS_URL = other.url;
    await admin.config("SET", "maxmemory-policy", "allkeys-lru");
    await expectFound("redis", /REDIS_URL: \S+ evicts counters \(maxmemory-policy allkeys-lru\)/, {
      REDIS_URL,
    });
    await admin.config("SET", "maxmemory-policy", "noeviction");
    await admin.replicaof("127.0.0.1", await freePort());
    await expectFound("redis", /REDIS_URL: \S+ is a replica and takes no writes/, { REDIS_URL });
    await admin.config("SET", "requirepass", "redis-password");
    await expectFound("redis", /REDIS_URL: \S+ refuses the user or the password/, { REDIS_URL });
  });

  test("an RPC that is down", async () => {
    const X402_RPC_URL = `http://127.0.0.1:${await freePort()}/v2/rpckey0123456789abcdef`;
    const outcomes = await expectFound("chain", /X402_RPC_URL: http:\/\/127\.0\.0\.1:\d+ refuses/, {
      X402_RPC_URL,
    });
    expect(outcomes).toMatchObject({
      "chain clock": "skipped",
      "treasury balance": "skipped",
      facilitator: "ok",
    });
  });

  test("an RPC of another chain, and one that is behind", async () => {
    await expectFound("chain", /X402_RPC_URL: \S+ serves eip155:10/, {
      X402_RPC_URL: await startRpc({ eth_chainId: "0xa" }),
    });
    const old = { number: "0x1", timestamp: "0x64", transactions: [], uncles: [] };
    await expectFound("chain clock", /X402_RPC_URL: the time of the newest block is \d+ s behind/, {
      X402_RPC_URL: await startRpc({ eth_getBlockByNumber: old }),
    });
  });

  test("an asset that isn't a contract, and one whose EIP-712 domain is another one", async () => {
    await expectFound("chain", /X402_ASSET: \S+ isn't a contract/, { X402_ASSET: `0x${"12".repeat(20)}` });
    const name = encodeAbiParameters([{ type: "string" }], ["Another Coin"]);
    // `name()`: the signature would be made for another name than the contract's.
    const X402_RPC_URL = await startRpc({ eth_call: (data) => (data === "0x06fdde03" ? name : undefined) });
    await expectFound("chain", /X402_ASSET: \S+ has an EIP-712 domain other than its name "Another Coin"/, {
      X402_RPC_URL,
    });
  });

  test("a facilitator that is down, that wants credentials, and that settles elsewhere", async () => {
    const down = `http://127.0.0.1:${await freePort()}`;
    await expectFound("facilitator", /X402_FACILITATOR_URL: \S+ refuses the connection/, {
      X402_FACILITATOR_URL: down,
    });
    const guarded = await startGuardedFacilitator(expectToken("the-right-token"));
    onTestFinished(() => guarded.close());
    const wanting = { X402_FACILITATOR_URL: guarded.url };
    await expectFound("facilitator", /X402_FACILITATOR_AUTH: .*\(none\).*401.*cdp or bearer/, wanting);
    const wrong = {
      ...wanting,
      X402_FACILITATOR_AUTH: "bearer",
      X402_FACILITATOR_TOKEN: "a-wrong-token-0123",
    };
    await expectFound("facilitator", /X402_FACILITATOR_AUTH: .*\(bearer\).*Check the credentials/, wrong);
    const kinds = [{ x402Version: 2, scheme: "exact", network: "eip155:1" }];
    const elsewhere = await startHttpServer((_, res) =>
      res
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ kinds, extensions: [], signers: {} })),
    );
    onTestFinished(() => elsewhere.close());
    await expectFound("facilitator", /X402_FACILITATOR_URL: \S+ doesn't settle payments/, {
      X402_FACILITATOR_URL: elsewhere.url,
    });
  });

  test("a treasury that owes more than it holds", async () => {
    const poor = { TREASURY_PRIVATE_KEY: generatePrivateKey() };
    await database.db.budgetAccount.create({
      data: {
        kind: "campaign",
        limit: 2_500_000n,
        network: inject("chain").network,
        asset: inject("chain").asset,
      },
    });
    await expectFound(
      "treasury balance",
      /TREASURY_PRIVATE_KEY: 0x\w+ holds \$0\.00 and owes \$2\.50\. Send it/,
      poor,
    );
    await database.db.budgetAccount.deleteMany();
  });

  test("a signer that is down, and one without the treasury's key", async () => {
    const signer = await startHttpServer((_, res) =>
      res
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: [] })),
    );
    const changes = {
      TREASURY_PRIVATE_KEY: "",
      TREASURY_SIGNER_URL: signer.url,
      TREASURY_ADDRESS: privateKeyToAddress(env["TREASURY_PRIVATE_KEY"] as `0x${string}`),
    };
    await expectFound("treasury signer", /TREASURY_ADDRESS: \S+ has no key for 0x/, changes);
    signer.close();
    await expectFound("treasury signer", /TREASURY_SIGNER_URL: \S+ refuses the connection/, changes);
  });
});

test.each([
  [-6_000, "the database is 6 s behind"],
  [6_000, "the database is 6 s ahead of"],
])("a database's clock that differs by %i ms is a problem", (skew, expected) => {
  expect(() => clockCheck("the database", 1e12 + skew, 1e12)).toThrow(expected);
});

test("a block may be as old as a slow chain makes it, but not from the future", () => {
  expect(clockCheck("the database", 1e12 + 900, 1e12)).toBe("within 1 s of this machine's");
  expect(blockClockCheck(1e12 - 100_000, 1e12)).toBe("the newest block is 100 s old");
  expect(() => blockClockCheck(1e12 - 130_000, 1e12)).toThrow("Use an RPC that follows the chain");
  expect(() => blockClockCheck(1e12 + 60_000, 1e12)).toThrow("Set this machine's clock by NTP");
});
