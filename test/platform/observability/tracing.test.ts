import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { startProcess } from "../../support/process.ts";
import { rest } from "../../support/server.ts";

interface OtlpSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: { key: string; value: Record<string, unknown> }[];
}

/** A collector: what OTLP/HTTP sends as JSON. */
async function startCollector(): Promise<{ url: string; spans: OtlpSpan[]; close(): void }> {
  const spans: OtlpSpan[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      expect(req.url).toBe("/v1/traces");
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString());
      for (const { scopeSpans } of resourceSpans)
        for (const scope of scopeSpans) spans.push(...(scope.spans as OtlpSpan[]));
      res.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, spans, close: () => server.close() };
}

test("a call's trace holds its queries, upstreams have spans of their own, and nothing shows what was sent", async () => {
  const collector = await startCollector();
  const server = await startProcess({
    TOLLFREE_DATA_DIR: mkdtempSync(path.join(tmpdir(), "tollfree-tracing-")),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  });
  await eventually(async () => expect(server.output()).toContain('"user_id":"'));
  const output = server.output();
  const [, agentKey = ""] = /agent key +(\S+)/.exec(output) ?? [];
  const [, user_id = ""] = /"user_id":"([^"]+)"/.exec(output) ?? [];
  const everything = { allowed_task_types: ["*"], allowed_data_types: ["*"], allowed_categories: ["*"] };
  const session = await rest(server.url, "POST", "/agent/auth", {
    token: agentKey,
    body: { user_id, scopes: everything, budget_limit_cents: 100 },
  });
  const token = String(session.body.data.session_token);
  const secret = "4711 Canary Wharf";
  const search = await rest(server.url, "GET", `/agent/services?q=${encodeURIComponent(secret)}`, {
    token,
  });
  expect(search.status).toBe(200);
  expect(await server.stop()).toBe(0);
  const traceId = server
    .output()
    .split("\n")
    .filter((line) => line.includes('"operation":"agent_search_services"'))
    .map((line) => JSON.parse(line).trace_id as string)[0];
  collector.close();

  const spans = collector.spans.filter((span) => span.traceId === traceId);
  const root = spans.find(({ name }) => name === "agent_search_services");
  expect(root?.attributes).toContainEqual({
    key: "http.response.status_code",
    value: { intValue: 200 },
  });
  expect(spans.filter(({ name }) => name.startsWith("prisma:")).length).toBeGreaterThan(0);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  expect(spans.filter((span) => span !== root && !ids.has(span.parentSpanId ?? ""))).toEqual([]);
  // The sandbox registers its services at start, and each registration asks the upstream.
  expect(collector.spans.filter(({ name }) => name === "upstream").length).toBeGreaterThan(0);
  const sent = JSON.stringify(collector.spans);
  for (const private_ of [token, agentKey, secret, encodeURIComponent(secret), user_id])
    expect(sent).not.toContain(private_);
});
