import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Caller } from "../../support/caller.ts";
import { eventually } from "../../support/eventually.ts";
import { startProcess } from "../../support/process.ts";

interface OtlpSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: { key: string; value: Record<string, unknown> }[];
}

/** A collector of spans that are sent as JSON over OTLP/HTTP. */
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

describe("the traces of a server", () => {
  const secretPlace = "4711 Canary Wharf";
  let spans: OtlpSpan[];
  /** Spans of one call's trace. */
  let callSpans: OtlpSpan[];
  let secrets: string[];

  beforeAll(async () => {
    const collector = await startCollector();
    const server = await startProcess({
      TOLLFREE_DATA_DIR: mkdtempSync(path.join(tmpdir(), "tollfree-tracing-")),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    });
    const caller = new Caller(server.url);
    await eventually(() => expect(server.output()).toContain('"user_id":"'));
    const output = server.output();
    const [, agentKey = ""] = /agent key +(\S+)/.exec(output) ?? [];
    const [, userId = ""] = /"user_id":"([^"]+)"/.exec(output) ?? [];
    const { token } = await caller.openSession({ agent_key: agentKey, subject: userId });
    expect((await caller.call("agent.searchServices", { q: secretPlace }, token)).status).toBe(200);
    expect((await caller.call("agent.flowStatus", {}, token)).status).toBe(200);
    expect(await server.stop()).toBe(0);
    collector.close();

    const [traceId] = server
      .output()
      .split("\n")
      .filter((line) => line.includes('"operation":"agent_flow_status"'))
      .map((line) => JSON.parse(line).trace_id as string);
    spans = collector.spans;
    callSpans = spans.filter((span) => span.traceId === traceId);
    secrets = [token, agentKey, userId, secretPlace, encodeURIComponent(secretPlace)];
  }, 120_000);

  test("a call's trace has one root span with its status, and spans of its queries below", () => {
    const root = callSpans.find(({ name }) => name === "agent_flow_status");
    expect(root?.attributes).toContainEqual({
      key: "http.response.status_code",
      value: { intValue: 200 },
    });
    expect(callSpans.filter(({ name }) => name.startsWith("prisma:")).length).toBeGreaterThan(0);
    const ids = new Set(callSpans.map(({ spanId }) => spanId));
    const orphans = callSpans.filter((span) => span !== root && !ids.has(span.parentSpanId ?? ""));
    expect(orphans).toEqual([]);
  });

  test("a request to an upstream has a span", () => {
    // The sandbox registers its services at start. Each registration calls the upstream.
    expect(spans.filter(({ name }) => name === "upstream").length).toBeGreaterThan(0);
  });

  test("spans hold no credential, no user id and no input", () => {
    const sent = JSON.stringify(spans);
    for (const secret of secrets) expect(sent).not.toContain(secret);
  });
});
