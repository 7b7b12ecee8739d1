import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, expectSuccess, OPERATIONS } from "../../support/call.ts";
import type { TestServer } from "../../support/server.ts";
import { ADMIN_KEY, rest, startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import {
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
beforeAll(async () => {
  server = await startTestServer({ limits: "real", metricsToken: "a-token-for-scraping" });
  upstream = await startUpstream();
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});

async function scrape(): Promise<string> {
  const answer = await fetch(`${server.url}/metrics`, {
    headers: { authorization: "Bearer a-token-for-scraping" },
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  return answer.text();
}

/** The value of a series, by name and some of its labels; 0 where there is none. */
async function value(name: string, labels: Record<string, string> = {}): Promise<number> {
  const wanted = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  const line = (await scrape())
    .split("\n")
    .find((one) => one.split(/[{ ]/)[0] === name && wanted.every((part) => one.includes(part)));
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(" ") + 1));
}

test("needs its token, where one is set", async () => {
  for (const headers of [{}, { authorization: `Bearer ${ADMIN_KEY}` }, { authorization: "Bearer" }]) {
    const answer = await fetch(`${server.url}/metrics`, { headers });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error_code: "unauthorized" });
  }
  const open = await startTestServer();
  expect((await fetch(`${open.url}/metrics`)).status).toBe(200);
  await open.close();
});

describe("a run", () => {
  test("shows by operation, in the budgets, and in what was audited", async () => {
    const acme = await createSponsor(server.url);
    const service_key = await registerApi(server.url, acme.key, upstream);
    const campaignId = await createCampaign(server.url, acme, [service_key], { fundCents: 100 });
    const { token } = await openSession(server.url, await createGrant(server.url));
    await completeTask(server.url, token, campaignId);
    const audited = await value("tollfree_audit_seconds_count");
    expectSuccess(await call(server.url, "agent.runService", { service_key }, token));

    const labels = { surface: "agent", operation: "agent_run_service" };
    const answered = { ...labels, transport: "rest", status: "200", error_code: "" };
    expect(await value("tollfree_requests_total", answered)).toBe(1);
    expect(await value("tollfree_request_seconds_count", labels)).toBe(1);
    const budget = (part: string) => value("tollfree_budget_micros", { kind: "campaign", part });
    expect([await budget("limit"), await budget("reserved"), await budget("spent")]).toEqual([
      1_000_000, 0, 20_000,
    ]);
    expect(await value("tollfree_sessions", { surface: "agent", state: "live" })).toBeGreaterThan(0);
    expect(await value("tollfree_audit_seconds_count")).toBe(audited + 1);
    expect(await value("tollfree_audit_waiting")).toBe(0);
    expect(await value("tollfree_events_total", { event: "session_opened" })).toBeGreaterThan(0);
    expect(await value("nodejs_eventloop_lag_p99_seconds")).toBeGreaterThan(0);
  });

  test("that isn't decided yet shows as an open payment", async () => {
    const acme = await createSponsor(server.url);
    const service_key = await registerApi(server.url, acme.key, upstream, "liar");
    const campaignId = await createCampaign(server.url, acme, [service_key], { fundCents: 100 });
    const { token } = await openSession(server.url, await createGrant(server.url));
    await completeTask(server.url, token, campaignId);
    await call(server.url, "agent.runService", { service_key }, token);
    const open = (await scrape()).match(/^tollfree_open_payments\{status="\w+"\} 1$/m);
    expect(open).not.toBeNull();
    expect(await value("tollfree_budget_micros", { kind: "campaign", part: "reserved" })).toBe(20_000);
  });
});

describe("refusals", () => {
  test("show by error code, limits by rule, violations and suspensions by event", async () => {
    const { token } = await openSession(server.url, await createGrant(server.url));
    for (let n = 0; n < 41; n += 1) await call(server.url, "agent.flowStatus", {}, token);
    const limited = { operation: "agent_flow_status", status: "429", error_code: "rate_limited" };
    expect(await value("tollfree_requests_total", limited)).toBe(10);
    expect(await value("tollfree_rate_limit_takes_total", { rule: "agent_session", result: "refused" })).toBe(
      10,
    );
    expect(await value("tollfree_events_total", { event: "rate_violation" })).toBe(10);
    expect(await value("tollfree_events_total", { event: "session_suspended" })).toBe(1);
    expect(await value("tollfree_sessions", { state: "suspended" })).toBe(1);
  });

  test("can't make labels: whatever callers send, there are as many series as before", async () => {
    const attempt = async (): Promise<void> => {
      const odd = randomUUID();
      await rest(server.url, "GET", `/agent/${odd}`, { token: odd, headers: { "x-request-id": odd } });
      await rest(server.url, "POST", `/agent/services/${odd}/run`, { token: odd, body: { [odd]: odd } });
      await fetch(`${server.url}/trpc/${odd}?input=${odd}`, { headers: { "user-agent": odd } });
    };
    const series = async (): Promise<number> => (await scrape()).split("\n").length;
    await attempt();
    const before = await series();
    for (let n = 0; n < 20; n += 1) await attempt();
    expect(await series()).toBe(before);
    const operations = [...(await scrape()).matchAll(/operation="(\w+)"/g)].map(([, id]) => id);
    const known = new Set(["unmatched", ...OPERATIONS.map(({ id }) => id)]);
    expect(operations.filter((id) => !known.has(id ?? ""))).toEqual([]);
  });
});

test("without the database tells what the process knows", async () => {
  const lonely = await startTestServer();
  await call(lonely.url, "agent.flowStatus", {}, "nonsense");
  await lonely.database.close();
  const answer = await fetch(`${lonely.url}/metrics`);
  const text = await answer.text();
  expect(answer.status).toBe(200);
  expect(text).toContain("tollfree_requests_total{");
  expect(text).not.toMatch(/^tollfree_sessions\{/m);
  await lonely.stop();
});

test("the dashboard asks for nothing that isn't measured", async () => {
  const dashboard = readFileSync("docs/grafana-dashboard.json", "utf8");
  const asked = new Set(
    [...dashboard.matchAll(/\b(?:tollfree|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name),
  );
  const families = [...(await scrape()).matchAll(/^# TYPE (\w+) /gm)].map(([, name = ""]) => name);
  // Only with a Redis are its losses counted.
  const redis = ["tollfree_rate_limit_redis_losses_total", "tollfree_rate_limit_insured_takes_total"];
  const known = new Set([...families, ...redis]);
  const unknown = [...asked].filter((name) => !known.has(name.replace(/_bucket$/, "")));
  expect(unknown).toEqual([]);
  expect(asked.size).toBeGreaterThan(12);
});
