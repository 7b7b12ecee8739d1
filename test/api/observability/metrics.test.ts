import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { call, expectSuccess, OPERATIONS } from "../../support/call.ts";
import { ADMIN_KEY, startTestServer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

const METRICS_TOKEN = "a-token-for-scraping";

const world = useWorld({ limits: "real", metricsToken: METRICS_TOKEN });

async function scrape(): Promise<string> {
  const answer = await fetch(`${world.url}/metrics`, {
    headers: { authorization: `Bearer ${METRICS_TOKEN}` },
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

test("metrics need the metrics token, if one is configured", async () => {
  for (const headers of [{}, { authorization: `Bearer ${ADMIN_KEY}` }, { authorization: "Bearer" }]) {
    const answer = await fetch(`${world.url}/metrics`, { headers });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error_code: "unauthorized" });
  }
});

describe("a run", () => {
  test("a paid run shows in the metrics of requests, budgets, sessions and audit", async () => {
    const { token, service } = await world.readyService({ campaign: { fundCents: 100 } });
    const audited = await value("tollfree_audit_seconds_count");
    expectSuccess(await world.run(token, service));

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

  test("a run whose payment isn't decided yet shows as an open payment", async () => {
    const { token, service } = await world.readyService({ behaviour: "liar", campaign: { fundCents: 100 } });
    await world.run(token, service);
    const open = (await scrape()).match(/^tollfree_open_payments\{status="\w+"\} 1$/m);
    expect(open).not.toBeNull();
    expect(await value("tollfree_budget_micros", { kind: "campaign", part: "reserved" })).toBe(20_000);
  });
});

describe("refused calls", () => {
  test("refused calls show by error code, rate limits by rule, violations and suspensions by event", async () => {
    const { token } = await world.openSession(await world.createGrant());
    for (let n = 0; n < 41; n += 1) await world.call("agent.flowStatus", {}, token);
    const limited = { operation: "agent_flow_status", status: "429", error_code: "rate_limited" };
    expect(await value("tollfree_requests_total", limited)).toBe(10);
    expect(await value("tollfree_rate_limit_takes_total", { rule: "agent_session", result: "refused" })).toBe(
      10,
    );
    expect(await value("tollfree_events_total", { event: "rate_violation" })).toBe(10);
    expect(await value("tollfree_events_total", { event: "session_suspended" })).toBe(1);
    expect(await value("tollfree_sessions", { state: "suspended" })).toBe(1);
  });

  test("callers can't add labels: whatever they send, the number of series stays the same", async () => {
    const attempt = async (): Promise<void> => {
      const odd = randomUUID();
      await world.rest("GET", `/agent/${odd}`, { token: odd, headers: { "x-request-id": odd } });
      await world.rest("POST", `/agent/services/${odd}/run`, { token: odd, body: { [odd]: odd } });
      await fetch(`${world.url}/trpc/${odd}?input=${odd}`, { headers: { "user-agent": odd } });
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

describe("the metrics token", () => {
  const open = useWorld();

  test("without a metrics token configured, metrics are public", async () => {
    expect((await fetch(`${open.url}/metrics`)).status).toBe(200);
  });
});

test("without its database, a server still answers with the metrics of its process", async () => {
  const server = await startTestServer();
  await call(server.url, "agent.flowStatus", {}, "nonsense");
  await server.database.close();
  const answer = await fetch(`${server.url}/metrics`);
  const text = await answer.text();
  expect(answer.status).toBe(200);
  expect(text).toContain("tollfree_requests_total{");
  expect(text).not.toMatch(/^tollfree_sessions\{/m);
  await server.stop();
});

/** The names of our metrics in a text. */
const metricsIn = (text: string): string[] =>
  [...text.matchAll(/\b(?:tollfree|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name);

/** The names of all metrics that a server without Redis shows. */
const shownMetrics = async (): Promise<Set<string>> =>
  new Set([...(await scrape()).matchAll(/^# TYPE (\w+) /gm)].map(([, name = ""]) => name));

test("the Grafana dashboard asks only for metrics that exist", async () => {
  const asked = new Set(metricsIn(readFileSync("docs/grafana-dashboard.json", "utf8")));
  const shown = await shownMetrics();
  expect([...asked].filter((name) => !shown.has(name.replace(/_bucket$/, "")))).toEqual([]);
  expect(asked.size).toBeGreaterThan(12);
});

test("the alert rules ask only for metrics and events that exist, and the guide lists each", async () => {
  const { groups } = parse(readFileSync("docs/alerts.yml", "utf8")) as {
    groups: { rules: { alert: string; expr: string; labels: object; annotations: object }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  const [shown, text] = [await shownMetrics(), await scrape()];
  const guide = readFileSync("docs/production.md", "utf8");
  for (const { alert, expr, labels, annotations } of rules) {
    expect([...metricsIn(expr).filter((name) => !shown.has(name))], alert).toEqual([]);
    const [, pattern] = /event=~?"([^"]+)"/.exec(expr) ?? [];
    // Prometheus sees an increase only in a series that was there before it.
    if (pattern !== undefined)
      expect(text, alert).toMatch(new RegExp(`^tollfree_events_total\\{event="${pattern}"\\} `, "m"));
    expect(labels).toEqual({ severity: expect.stringMatching(/^(page|ticket)$/) as string });
    expect(annotations).toEqual({ summary: expect.any(String) as string });
    expect(guide).toContain(`\`${alert}\``);
  }
  expect(rules.length).toBeGreaterThan(8);
});
