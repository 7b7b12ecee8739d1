import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { followNextActions, openingCall, requireReached } from "../../src/demo/follow-next-actions.ts";
import { sendOverHttp } from "../../src/demo/send-over-http.ts";
import type { Balancer } from "../support/balancer.ts";
import { startBalancer } from "../support/balancer.ts";
import { Caller, EVERYTHING } from "../support/caller.ts";
import { balanceOf } from "../support/chain.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase, restrictServers, runSql } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { expectBooksToBalance } from "../support/money.ts";
import type { ServerProcess } from "../support/process.ts";
import { fundedEnvironment, runProgram, startProcess } from "../support/process.ts";
import type { TestRedis } from "../support/redis.ts";
import { startRedis } from "../support/redis.ts";
import { rest } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";

/**
 * Two replicas of the compiled server behind a load balancer, set up as docs/production.md says. The owner migrates the
 * database. The replicas use the restricted role and share one Redis.
 */

let database: TestDatabase;
let redis: TestRedis;
let upstream: Upstream;
let balancer: Balancer;
let replicas: ServerProcess[] = [];
let treasury: `0x${string}`;
/** Calls the replicas in turn. */
const caller = new Caller(() => balancer.url);

const TREASURY_MICROS = 100_000_000n;
const SCOPES = {
  allowed_task_types: ["survey"],
  allowed_data_types: ["region"],
  allowed_categories: ["weather"],
};

beforeAll(async () => {
  [database, redis, upstream] = await Promise.all([createDatabase(), startRedis(), startUpstream()]);
  await runSql(database.url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"); // not migrated yet
  await redis.settle();
  balancer = await startBalancer(() => replicas.map(({ url }) => url));
  const funded = await fundedEnvironment(database.serverUrl, TREASURY_MICROS);
  treasury = funded.treasury;
  const env = {
    ...funded.env,
    NODE_ENV: "production",
    REDIS_URL: redis.url,
    PUBLIC_BASE_URL: balancer.url,
    TRUSTED_PROXIES: "127.0.0.1/32, ::1",
    DRAIN_SECONDS: "2",
  };
  // Two migrations at once: one migrates, the other waits for it.
  const asOwner = { ...env, DATABASE_URL: database.url };
  await Promise.all([runProgram("--migrate", asOwner), runProgram("--migrate", asOwner)]);
  await restrictServers(database.url);
  replicas = await Promise.all([startProcess(env), startProcess(env)]);
}, 180_000); // four processes start, which takes long on a busy machine
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.kill()));
  await Promise.all([balancer.close(), redis.close(), upstream.close()]);
  await database.close();
});

test("both replicas are ready, and report the database, the chain and Redis as ok", async () => {
  const checks = { database: "ok", chain: "ok", redis: "ok" };
  for (const { url } of replicas) {
    await eventually(async () => {
      expect((await rest(url, "GET", "/readyz")).body).toEqual({ status: "ready", checks });
    });
  }
});

test("a compiled server finds the files that it serves", async () => {
  for (const { url } of replicas) {
    const script = await fetch(`${url}/docs/scalar.js`);
    expect([script.status, (await script.text()).length > 1_000_000]).toEqual([200, true]);
  }
});

test("a server in production has no sandbox page", async () => {
  for (const { url } of replicas) expect((await rest(url, "GET", "/sandbox")).status).toBe(404);
});

test("an agent that follows next_actions gets its resource while its requests alternate between replicas", async () => {
  const { url } = balancer;
  const acme = await caller.createSponsor();
  const service = await caller.registerApi(acme.key, upstream);
  const campaignId = await caller.createCampaign(acme, [service]);
  const user_id = await caller.createUser();
  const agent = await caller.admin("/admin/agents", { name: "Agent" });

  const servedBefore = [...balancer.served];
  const end = await followNextActions({
    send: sendOverHttp(url, { apiKey: agent["api_key"] as never }),
    first: openingCall({
      scopes: { ...EVERYTHING, allowed_task_types: ["survey"], allowed_data_types: ["region"] },
      budget_limit_cents: 10,
    }),
    profile: {
      byName: { score: 5, data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false },
      byDataType: { region: "Portugal" },
    },
    goal: { run_service: { input: { place: "Lisbon" } } },
    onApproval: async ({ approval_id, approval_url }) => {
      expect(approval_url).toBe(`${url}/approvals/${String(approval_id)}`);
      await caller.admin(`/admin/approvals/${String(approval_id)}/decide`, {
        decision: "approve",
        user_id,
        scopes: SCOPES,
        budget_limit_cents: 10,
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      });
    },
  });
  const { steps } = end;
  const { run, payment } = requireReached(end);
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
  expect(await balanceOf(treasury)).toBe(TREASURY_MICROS - 20_000n);
  await expectBooksToBalance(database.db);
  const audited = await database.db.agentAuditLog.count();
  expect(audited).toBe(steps.length);
});

test("a server's database role can't change the schema or what was recorded", async () => {
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

test("a session's 30 requests a minute are counted over both replicas, also while Redis is down", async () => {
  const { token } = await caller.openSession(await caller.createGrant());
  const statuses = async (requests: number): Promise<number[]> => {
    const answers = Array.from({ length: requests }, () => caller.call("agent.flowStatus", {}, token));
    return (await Promise.all(answers)).map(({ status }) => status);
  };
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

test("a replica that is told to stop reports that it isn't ready, still answers, and ends by itself", async () => {
  const [leaving, staying] = replicas;
  if (leaving === undefined || staying === undefined) throw new Error("two replicas were started");
  const ended = leaving.stop();
  await eventually(async () => expect((await rest(leaving.url, "GET", "/readyz")).status).toBe(503), 1_500);
  expect((await rest(leaving.url, "GET", "/healthz")).status).toBe(200);
  expect((await rest(leaving.url, "GET", "/agent/flow/status")).status).toBe(401);
  expect(await ended).toBe(0);
  expect((await rest(staying.url, "GET", "/readyz")).status).toBe(200);
});

describe("a server with wrong configuration", { timeout: 120_000 }, () => {
  /** The output of a server that doesn't start. */
  const outputOf = (env: Record<string, string>): Promise<string> =>
    startProcess(env).then(
      async (server) => {
        await server.kill();
        return "it started";
      },
      (error: unknown) => String(error),
    );

  test("a production without its secrets and addresses ends with 1 and lists every one", async () => {
    const output = await outputOf({
      NODE_ENV: "production",
      X402_NETWORK: "eip155:8453",
      REDIS_URL: "http://redis",
      TRUSTED_PROXIES: "1",
      SANDBOX_PEERS: "everybody",
    });
    expect(output).toContain("ended with 1");
    for (const name of [
      ...["X402_ASSET", "X402_RPC_URL", "X402_FACILITATOR_URL", "TREASURY_PRIVATE_KEY"],
      ...["DATA_ENCRYPTION_KEY", "DATABASE_URL", "REDIS_URL", "TRUSTED_PROXIES", "SANDBOX_PEERS"],
    ]) {
      expect(output).toMatch(new RegExp(`^ +- ${name}: `, "m"));
    }
    expect(output).not.toContain("  at "); // no stack
  });

  test("a server with only DATABASE_URL ends with 1 and names both ways to go on", async () => {
    const output = await outputOf({ DATABASE_URL: database.url });
    expect(output).toContain("ended with 1");
    expect(output).toMatch(
      /DATABASE_URL alone .* set SANDBOX=true .*, or X402_NETWORK, .*TREASURY_PRIVATE_KEY/,
    );
  });
});
