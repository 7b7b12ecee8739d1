import { createServer, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ErrorEnvelope } from "../../src/api/response/envelope.ts";
import { startServer } from "../../src/http/server.ts";
import { Gate } from "../support/gate.ts";
import type { ExampleApi } from "./example-api.ts";
import { AGENT_KEY, request, SESSION, startExampleApi } from "./example-api.ts";
import { slow } from "./example-router.ts";

let api: ExampleApi;
beforeEach(() => {
  slow.gate = new Gate();
  slow.aborted = false;
});
afterEach(() => api.close(200));

interface RawAnswer {
  head: string;
  status: number;
  body: ErrorEnvelope;
}

const dial = (): Socket => connect(Number(new URL(api.url).port), "127.0.0.1");

/** Sends bytes no HTTP client would, and reads until the server closes. */
function sendRaw(text: string, { halfClose = false } = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = dial();
    let answer = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk));
    socket.on("error", reject);
    socket.on("close", () => {
      const [head = "", body = ""] = answer.split("\r\n\r\n", 2);
      resolve({ head, status: Number(head.split(" ")[1]), body: JSON.parse(body) as ErrorEnvelope });
    });
    if (halfClose) socket.end(text);
    else socket.write(text);
  });
}

describe("what isn't HTTP is answered in the envelope", () => {
  it.each([
    ["not HTTP at all", "hello\r\n\r\n"],
    ["an unknown method", "FETCH /agent/hello HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a bad header", "GET /agent/hello HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n"],
    [
      "headers that are too large",
      `GET /agent/hello HTTP/1.1\r\nHost: x\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`,
    ],
    ["a path that is too long", `GET /agent/${"a".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    [
      "two lengths",
      "POST /agent/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    ],
    [
      "length and chunks",
      "POST /agent/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    ],
    ["a tunnel", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n"],
    ["no Host", "GET /agent/hello HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ["an expectation", "GET /agent/hello HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nConnection: close\r\n\r\n"],
  ])("%s", async (_what, text) => {
    api = await startExampleApi();
    const { head, status, body } = await sendRaw(text);
    expect([status, body.error_code, body.status]).toEqual([400, "invalid_request", "error"]);
    expect(body.request_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(head).toMatch(new RegExp(`X-Request-Id: ${body.request_id}`, "i"));
    expect(head).toMatch(/content-type: application\/json/i);
  });

  it("a body that breaks off", async () => {
    api = await startExampleApi();
    const { status, body } = await sendRaw(
      `POST /agent/auth HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${AGENT_KEY}\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"a`,
      { halfClose: true },
    );
    expect([status, body.error_code]).toEqual([400, "invalid_request"]);
    await expect
      .poll(() => api.audited)
      .toMatchObject([{ operation: "agent_auth", errorCode: "invalid_request" }]);
  });

  it("paths aren't normalised, and a whole URL is as good as its path", async () => {
    api = await startExampleApi();
    const get = (target: string): Promise<RawAnswer> =>
      sendRaw(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect((await get("/agent/../agent/hello")).body.error_code).toBe("not_found");
    expect((await get("//agent/hello")).body.error_code).toBe("not_found");
    expect((await get("http://anything/agent/hello?")).status).toBe(200);
  });

  it("HTTP/1.0 needs no Host", async () => {
    api = await startExampleApi();
    expect((await sendRaw("GET /agent/hello HTTP/1.0\r\n\r\n")).status).toBe(200);
  });
});

describe("calls under way", () => {
  it("are aborted when their caller leaves", async () => {
    api = await startExampleApi();
    const call = httpRequest(`${api.url}/agent/services/slow/run`, {
      method: "POST",
      headers: { authorization: `Bearer ${SESSION}` },
    });
    call.on("error", () => {});
    call.end();
    await slow.gate.arrived();
    call.destroy();
    await expect.poll(() => slow.aborted).toBe(true);
    slow.gate.open();
    await expect.poll(() => api.logged).toMatchObject([{ operation: "agent_run_service", aborted: true }]);
  });

  it("are answered before the server is closed, whatever connections stay open", async () => {
    api = await startExampleApi();
    const idle = dial();
    await request(api, "GET", "/agent/hello"); // leaves a keep-alive connection behind
    const call = request(api, "POST", "/agent/services/slow/run", { token: SESSION, body: {} });
    await slow.gate.arrived();
    let closed = false;
    const closing = api.close(5_000).then(() => (closed = true));
    await sleep(150);
    expect(closed).toBe(false);
    await expect(request(api, "GET", "/agent/hello")).rejects.toThrow();
    slow.gate.open();
    expect((await call).status).toBe(200);
    const answered = performance.now();
    await closing;
    expect(performance.now() - answered).toBeLessThan(2_000);
    idle.destroy();
  });

  it("are cut at the deadline", async () => {
    api = await startExampleApi();
    const call = request(api, "POST", "/agent/services/slow/run", { token: SESSION, body: {} });
    const outcome = expect(call).rejects.toThrow();
    await slow.gate.arrived();
    const started = performance.now();
    await api.close(200);
    expect(performance.now() - started).toBeLessThan(1_000);
    await outcome;
    slow.gate.open();
  });
});

it("a port that is taken is an error at start", async () => {
  api = await startExampleApi();
  const port = Number(new URL(api.url).port);
  await expect(
    startServer(createServer().emit.bind(null) as never, { host: "127.0.0.1", port }),
  ).rejects.toThrow("EADDRINUSE");
});

describe("the operator's endpoints", () => {
  it("/healthz and /readyz answer bare", async () => {
    api = await startExampleApi({ database: async () => {} });
    expect((await request(api, "GET", "/healthz")).text).toBe('{"status":"ok"}');
    expect((await request(api, "GET", "/readyz")).text).toBe('{"status":"ready","checks":{"database":"ok"}}');
    expect((await request(api, "HEAD", "/healthz")).status).toBe(200);
  });

  it("/readyz names what isn't ready, in the envelope", async () => {
    api = await startExampleApi({
      database: async () => {},
      chain: () => Promise.reject(new Error("secret url")),
      limiter: () => new Promise(() => {}),
    });
    const { status, body, headers, text } = await request(api, "GET", "/readyz");
    expect([status, body.error_code]).toEqual([503, "service_unavailable"]);
    expect(body.details).toEqual({ checks: { database: "ok", chain: "failed", limiter: "failed" } });
    expect(headers.get("retry-after")).not.toBeNull();
    expect(text).not.toContain("secret");
  });

  it("/readyz is ready with a dependency that something else stands in for", async () => {
    api = await startExampleApi({ database: async () => {}, redis: async () => "degraded" });
    const { status, text } = await request(api, "GET", "/readyz");
    expect(status).toBe(200);
    expect(text).toBe('{"status":"ready","checks":{"database":"ok","redis":"degraded"}}');
  });

  it("/openapi.json is the document, with the address it is served at", async () => {
    api = await startExampleApi();
    const { status, body } = await request(api, "GET", "/openapi.json");
    expect(status).toBe(200);
    expect(body).toMatchObject({ openapi: "3.1.0", servers: [{ url: "https://tollfree.example" }] });
  });
});
