import { randomBytes } from "node:crypto";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { followNextActions } from "../../src/demo/follow-next-actions.ts";
import type { Balancer } from "../support/balancer.ts";
import { startBalancer } from "../support/balancer.ts";
import { balanceOf, mint } from "../support/chain.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase, restrictServers, runSql } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { expectBooksToBalance } from "../support/money.ts";
import type { ServerProcess } from "../support/process.ts";
import { runProgram, startProcess } from "../support/process.ts";
import type { TestRedis } from "../support/redis.ts";
import { startRedis } from "../support/redis.ts";
import type { Answer } from "../support/server.ts";
import { ADMIN_KEY, rest } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import {
  createCampaign,
  createGrant,
  createSponsor,
  createUser,
  EVERYTHING,
  openSession,
  registerApi,
} from "../support/world.ts";

/**
 * Two replicas of the real thing, as docs/production.md says: an owner migrates the database, the servers get a role
 * that may only work with the data, and there are a Redis and a chain of their own.
 */

let database: TestDatabase;
let redis: TestRedis;
let upstream: Upstream;
let balancer: Balancer;
let replicas: ServerProcess[];
let treasury: `0x${string}`;

beforeAll(async () => {
  [database, redis, upstream] = await Promise.all([createDatabase(), startRedis(), startUpstream()]);
  await runSql(database.url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"); // as it is before the first start
  await redis.settle();
  balancer = await startBalancer(() => replicas.map(({ url }) => url));
  const { network, asset, rpcUrl, facilitatorUrl } = inject("chain");
  const treasuryKey = generatePrivateKey();
  treasury = privateKeyToAddress(treasuryKey);
  await mint(treasury, 100_000_000n);
  const env = {
    NODE_ENV: "production",
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    PUBLIC_BASE_URL: balancer.url,
    TRUSTED_PROXIES: "127.0.0.1/32, ::1",
    ADMIN_API_KEY: ADMIN_KEY,
    DATA_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    X402_NETWORK: network,
    X402_ASSET: asset,
    X402_RPC_URL: rpcUrl,
    X402_FACILITATOR_URL: facilitatorUrl,
    TREASURY_PRIVATE_KEY: treasuryKey,
    // The test's upstream; a real production has neither this nor upstreams without TLS.
    ALLOW_PRIVATE_UPSTREAMS: "true",
    DRAIN_SECONDS: "2",
  };
  // Two at once: one migrates, the other waits for it.
  await Promise.all([runProgram("--migrate", env), runProgram("--migrate", env)]);
  await restrictServers(database.url);
  env.DATABASE_URL = database.serverUrl;
  replicas = await Promise.all([startProcess(env), startProcess(env)]);
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.kill()));
  await Promise.all([balancer.close(), redis.close(), upstream.close()]);
  await database.close();
});

test("both are ready, with all they depend on", async () => {
  for (const { url } of replicas) {
    const ready = await rest(url, "GET", "/readyz");
    expect(ready.body).toEqual({
      status: "ready",
      checks: { database: "ok", chain: "ok", redis: "ok" },
    });
    expect((await rest(url, "GET", "/sandbox")).status).toBe(404);
  }
});

test("an agent that follows next_actions gets its resource, each request answered by the other replica", async () => {
  const { url } = balancer;
  const acme = await createSponsor(url);
  const service = await registerApi(url, acme.key, upstream);
  const campaignId = await createCampaign(url, acme, [service]);
  const user_id = await createUser(url);
  const agent = await rest(url, "POST", "/admin/agents", { token: ADMIN_KEY, body: { name: "Agent" } });

  const servedBefore = [...balancer.served];
  const { run, payment, steps } = await followNextActions({
    url,
    apiKey: agent.body.data.api_key as string,
    wish: {
      scopes: { ...EVERYTHING, allowed_task_types: ["survey"], allowed_data_types: ["region"] },
      budget_limit_cents: 10,
    },
    profile: {
      byName: { score: 5, data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false },
      byDataType: { region: "Portugal" },
    },
    goal: { run_service: { input: { place: "Lisbon" } } },
    onApproval: async ({ approval_id, approval_url }) => {
      expect(approval_url).toBe(`${url}/approvals/${String(approval_id)}`);
      const decided = await rest(url, "POST", `/admin/approvals/${String(approval_id)}/decide`, {
        token: ADMIN_KEY,
        body: {
          decision: "approve",
          user_id,
          scopes: {
            allowed_task_types: ["survey"],
            allowed_data_types: ["region"],
            allowed_categories: ["weather"],
          },
          budget_limit_cents: 10,
          expires_at: new Date(Date.now() + 3_600_000).toISOString(),
        },
      });
      expect(decided.status).toBe(200);
    },
  });
  expect(run["output"]).toEqual({ echo: { place: "Lisbon" } });
  expect(payment).toMatchObject({ status: "settled", sponsored_by: "Acme", campaign_id: campaignId });
  expect(steps.map(({ action }) => action)).toEqual(
    expect.arrayContaining([
      "auth",
      "get_approval",
      "search_services",
      "get_task",
      "complete_task",
      "run_service",
    ]),
  );
  const served = balancer.served.map((count, n) => count - (servedBefore[n] ?? 0));
  expect(Math.abs((served[0] ?? 0) - (served[1] ?? 0))).toBeLessThanOrEqual(1);

  expect(await balanceOf(upstream.payTo)).toBe(20_000n);
  expect(await balanceOf(treasury)).toBe(100_000_000n - 20_000n);
  await expectBooksToBalance(database.db);
  const audited = await database.db.agentAuditLog.count();
  expect(audited).toBe(steps.length);
});

test("a server can't change the schema, nor what it has recorded", async () => {
  for (const statement of [
    "CREATE TABLE mine (id int)",
    "ALTER TABLE payments DISABLE TRIGGER ALL",
    "UPDATE agent_audit_logs SET response_status = 200",
    "DELETE FROM agent_audit_logs",
    "DELETE FROM payments",
    "UPDATE payment_events SET to_status = 'void'",
    "UPDATE credits SET amount_micros = 0",
    "TRUNCATE users CASCADE",
  ]) {
    await expect(runSql(database.serverUrl, statement)).rejects.toThrow(/permission denied|must be owner/);
  }
});

test("a session's 30 requests a minute are counted over both, also when Redis is gone", async () => {
  const { token } = await openSession(balancer.url, await createGrant(balancer.url));
  const ask = (): Promise<Answer> => rest(balancer.url, "GET", "/agent/flow/status", { token });
  const statuses = async (requests: number): Promise<number[]> =>
    (await Promise.all(Array.from({ length: requests }, ask))).map(({ status }) => status);
  expect(new Set(await statuses(20))).toEqual(new Set([200]));

  await redis.kill();
  const after = await statuses(20);
  expect(after.filter((status) => status === 200)).toHaveLength(10);
  expect(after.filter((status) => status === 429 || status === 403)).toHaveLength(10);
  for (const replica of replicas) {
    const ready = await rest(replica.url, "GET", "/readyz");
    expect([ready.status, ready.body.checks.redis]).toEqual([200, "degraded"]);
    expect(replica.output()).toContain("rate_limits_insured");
  }
  await redis.restart();
  await eventually(async () => {
    for (const { url } of replicas) expect((await rest(url, "GET", "/readyz")).body.checks.redis).toBe("ok");
  }, 10_000);
});

test("told to stop, a replica says it isn't ready, still answers, and ends by itself", async () => {
  const [leaving, staying] = replicas;
  if (leaving === undefined || staying === undefined) throw new Error("two replicas were started");
  const ended = leaving.stop();
  await eventually(async () => expect((await rest(leaving.url, "GET", "/readyz")).status).toBe(503), 1_500);
  expect((await rest(leaving.url, "GET", "/healthz")).status).toBe(200);
  expect((await rest(leaving.url, "GET", "/agent/flow/status")).status).toBe(401);
  expect(await ended).toBe(0);
  expect((await rest(staying.url, "GET", "/readyz")).status).toBe(200);
});

describe("a start that lacks something ends with 1 and lists all of it", () => {
  const refusal = (env: Record<string, string>): Promise<string> =>
    startProcess(env).then(
      async (server) => {
        await server.kill();
        return "it started";
      },
      (error: unknown) => String(error),
    );

  test("secrets and addresses of a production", async () => {
    const output = await refusal({
      NODE_ENV: "production",
      X402_NETWORK: "eip155:8453",
      REDIS_URL: "http://redis",
      TRUSTED_PROXIES: "1",
    });
    expect(output).toContain("ended with 1");
    for (const name of [
      ...["X402_ASSET", "X402_RPC_URL", "X402_FACILITATOR_URL", "TREASURY_PRIVATE_KEY"],
      ...["DATA_ENCRYPTION_KEY", "DATABASE_URL", "REDIS_URL", "TRUSTED_PROXIES"],
    ]) {
      expect(output).toMatch(new RegExp(`^ +- ${name}: `, "m"));
    }
    expect(output).not.toContain("  at "); // no stack
  });

  test("DATABASE_URL alone names both ways out", async () => {
    const output = await refusal({ DATABASE_URL: database.url });
    expect(output).toContain("ended with 1");
    expect(output).toMatch(
      /DATABASE_URL alone .* set SANDBOX=true .*, or X402_NETWORK, .*TREASURY_PRIVATE_KEY/,
    );
  });
});
