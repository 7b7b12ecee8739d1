import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import express from "express";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ErrorEnvelope } from "../../src/api/response/envelope.ts";
import { startServer } from "../../src/http/server.ts";
import { Gate } from "../support/gate.ts";
import type { ExampleApi } from "./example-api.ts";
import { AGENT_KEY, SESSION, startExampleApi } from "./example-api.ts";
import { slow } from "./example-router.ts";

let api: ExampleApi;
beforeEach(() => {
  slow.gate = new Gate();
});
afterEach(() => api.close(200));

interface RawAnswer {
  head: string;
  status: number;
  body: ErrorEnvelope;
}

const openSocket = (): Socket => connect(Number(new URL(api.url).port), "127.0.0.1");

/** Sends text that no HTTP client would send. Returns the answer when the server closes the connection. */
function sendRaw(text: string, { halfClose = false } = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = openSocket();
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

describe("broken HTTP", () => {
  test.each([
    ["text that isn't HTTP", "hello\r\n\r\n"],
    ["an unknown method", "FETCH /agent/hello HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a bad header", "GET /agent/hello HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n"],
    [
      "headers that are too large",
      `GET /agent/hello HTTP/1.1\r\nHost: x\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`,
    ],
    ["a path that is too long", `GET /agent/${"a".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    [
      "two Content-Lengths",
      "POST /agent/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    ],
    [
      "Content-Length and chunks",
      "POST /agent/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    ],
    ["a CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n"],
    ["a Host that is none", "GET /agent/hello HTTP/1.1\r\nHost: a b:c\r\nConnection: close\r\n\r\n"],
    ["a missing Host", "GET /agent/hello HTTP/1.1\r\nConnection: close\r\n\r\n"],
    [
      "an unknown expectation",
      "GET /agent/hello HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nConnection: close\r\n\r\n",
    ],
  ])("%s is refused with 400 in the envelope", async (_what, text) => {
    api = await startExampleApi();
    const { head, status, body } = await sendRaw(text);
    expect([status, body.error_code, body.status]).toEqual([400, "invalid_request", "error"]);
    expect(body.request_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(head).toMatch(new RegExp(`X-Request-Id: ${body.request_id}`, "i"));
    expect(head).toMatch(/content-type: application\/json/i);
  });

  test("a body that breaks off is refused with 400 and audited", async () => {
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

  test("TRACE is refused everywhere", async () => {
    api = await startExampleApi();
    for (const path of ["/user/trpc/user.agents.list", "/healthz"]) {
      const { status, body } = await sendRaw(
        `TRACE ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      expect([status, body.error_code]).toEqual([405, "method_not_allowed"]);
    }
  });

  const get = (target: string): Promise<RawAnswer> =>
    sendRaw(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);

  test.each(["/agent/../agent/hello", "//agent/hello"])(
    "the path %s isn't normalised, so it isn't found",
    async (path) => {
      api = await startExampleApi();
      expect((await get(path)).body.error_code).toBe("not_found");
    },
  );

  test("a whole URL as the request's target is served like its path", async () => {
    api = await startExampleApi();
    expect((await get("http://anything/agent/hello?")).status).toBe(200);
  });

  test("an HTTP/1.0 request without Host is served", async () => {
    api = await startExampleApi();
    expect((await sendRaw("GET /agent/hello HTTP/1.0\r\n\r\n")).status).toBe(200);
  });
});

describe("running calls", () => {
  test("a running call goes on when its caller closes the connection, and the log says so", async () => {
    api = await startExampleApi();
    const call = httpRequest(`${api.url}/agent/services/slow/run`, {
      method: "POST",
      headers: { authorization: `Bearer ${SESSION}` },
    });
    call.on("error", () => {});
    call.end();
    await slow.gate.arrived();
    call.destroy();
    await expect.poll(() => slow.hasLeft()).toBe(true);
    slow.gate.open();
    await expect.poll(() => api.logged).toMatchObject([{ operation: "agent_run_service", aborted: true }]);
  });

  test("a closing server answers running calls first, and doesn't wait for idle connections", async () => {
    api = await startExampleApi();
    const idle = openSocket();
    await api.request("GET", "/agent/hello"); // leaves a keep-alive connection behind
    const call = api.request("POST", "/agent/services/slow/run", { token: SESSION, body: {} });
    await slow.gate.arrived();
    let closed = false;
    const closing = api.close(5_000).then(() => (closed = true));
    await sleep(150);
    expect(closed).toBe(false);
    await expect(api.request("GET", "/agent/hello")).rejects.toThrow();
    slow.gate.open();
    expect((await call).status).toBe(200);
    const answered = performance.now();
    await closing;
    expect(performance.now() - answered).toBeLessThan(2_000);
    idle.destroy();
  });

  test("a closing server cuts calls that run past its deadline", async () => {
    api = await startExampleApi();
    const call = api.request("POST", "/agent/services/slow/run", { token: SESSION, body: {} });
    const outcome = expect(call).rejects.toThrow();
    await slow.gate.arrived();
    const started = performance.now();
    await api.close(200);
    expect(performance.now() - started).toBeLessThan(1_000);
    await outcome;
    slow.gate.open();
  });
});

describe("a connection that costs more than it sends", () => {
  const HELLO = "GET /agent/hello HTTP/1.1\r\nHost: x\r\n\r\n";

  /** Sends bytes, and returns what came back until the server closed the connection. */
  const exchange = (url: string, bytes: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      let answer = "";
      socket.setEncoding("latin1").on("data", (chunk: string) => (answer += chunk));
      socket.on("error", () => undefined); // it may be reset while it sends
      socket.on("close", () => resolve(answer));
      socket.write(bytes);
    });

  test("is cut off if it sends thousands of requests without waiting for answers", async () => {
    let handled = 0;
    const server = await startServer(() => (handled += 1), { host: "127.0.0.1", port: 0 });
    try {
      await exchange(server.url, HELLO.repeat(20_000));
      expect(handled).toBe(32);
    } finally {
      await server.close(0);
    }
  });

  test("isn't cut off for a few requests, whose answers come in their order", async () => {
    api = await startExampleApi();
    const last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const answers = (await exchange(api.url, HELLO.repeat(20) + last)).split("HTTP/1.1 200 OK").slice(1);
    expect(answers).toHaveLength(21);
    expect(answers.at(-1)).toContain('{"status":"ok"}');
  });

  test("gets no refusal in the middle of the answers to its earlier requests", async () => {
    const responses: ServerResponse[] = [];
    const server = await startServer((_req, res) => void responses.push(res), { host: "127.0.0.1", port: 0 });
    try {
      const answer = exchange(server.url, `${HELLO}${HELLO}garbage\r\n\r\n`);
      expect(await answer).toBe("");
      expect(responses).toHaveLength(2);
    } finally {
      await server.close(0);
    }
  });

  const POST = "POST /auth/sign-in/email HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  const ONE_BYTE = "1\r\n \r\n";

  test.each([
    ["before it is read", () => undefined],
    [
      "while Express's own request reads it",
      (req: IncomingMessage) => void Object.setPrototypeOf(req, express.request),
    ],
  ])("is cut off if its body comes in too many pieces, %s", async (_when, listen) => {
    let read = 0;
    const server = await startServer(
      (req) => {
        listen(req);
        req.on("error", () => undefined);
        req.on("data", (chunk: Buffer) => (read += chunk.length));
      },
      { host: "127.0.0.1", port: 0 },
    );
    try {
      await exchange(server.url, `${POST}Transfer-Encoding: chunked\r\n\r\n${ONE_BYTE.repeat(100_000)}`);
      expect(read).toBeLessThanOrEqual(4_096);
    } finally {
      await server.close(0);
    }
  });

  test("a body in small pieces is read whole, in few buffers", async () => {
    const pieces = Array.from({ length: 4_000 }, (_, index) => String(index % 10).repeat((index % 7) + 1));
    pieces.splice(2_000, 0, "x".repeat(1_000));
    const received: string[] = [];
    const server = await startServer(
      (req, res) => {
        req.on("data", (chunk: Buffer) => received.push(chunk.toString()));
        req.on("end", () => res.end("read"));
      },
      { host: "127.0.0.1", port: 0 },
    );
    try {
      const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join("");
      const head = `${POST}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
      expect(await exchange(server.url, `${head}${chunks}0\r\n\r\n`)).toContain("read");
      expect(received.join("")).toBe(pieces.join(""));
      expect(received.length).toBeLessThan(10);
    } finally {
      await server.close(0);
    }
  });

  test.each([
    ["whose request was answered", (_req: IncomingMessage, res: ServerResponse) => void res.end("no")],
    ["that is dropped", (req: IncomingMessage) => void req.on("error", () => undefined).resume()],
  ])("is cut off if it sends a body without end %s", async (_which, listen) => {
    const server = await startServer(listen, {
      ...{ host: "127.0.0.1", port: 0 },
      ...{ readAnswerMs: 1_000, restOfBodyMs: 100 },
    });
    try {
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.on("error", () => undefined).resume();
      socket.write(`${POST}Content-Length: 1000000000000\r\n\r\n`);
      const send = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 32)));
        socket.once("drain", send);
      };
      send();
      await closed;
      expect(socket.bytesWritten).toBeLessThan(1_000_000_000);
    } finally {
      await server.close(0);
    }
  });
});

test("a server doesn't start on a port that is in use", async () => {
  api = await startExampleApi();
  const port = Number(new URL(api.url).port);
  await expect(
    startServer(createServer().emit.bind(null) as never, { host: "127.0.0.1", port }),
  ).rejects.toThrow("EADDRINUSE");
});

describe("endpoints for operators", () => {
  test("/healthz and /readyz answer without the envelope", async () => {
    api = await startExampleApi({ database: async () => {} });
    expect((await api.request("GET", "/healthz")).text).toBe('{"status":"ok"}');
    expect((await api.request("GET", "/readyz")).text).toBe('{"status":"ready","checks":{"database":"ok"}}');
    expect((await api.request("HEAD", "/healthz")).status).toBe(200);
  });

  test("/readyz answers 503 in the envelope and names the checks that failed", async () => {
    api = await startExampleApi({
      database: async () => {},
      chain: () => Promise.reject(new Error("secret url")),
      limiter: () => new Promise(() => {}),
    });
    const { status, body, headers, text } = await api.request("GET", "/readyz");
    expect([status, body.error_code]).toEqual([503, "service_unavailable"]);
    expect(body.details).toEqual({ checks: { database: "ok", chain: "failed", limiter: "failed" } });
    expect(headers.get("retry-after")).not.toBeNull();
    expect(text).not.toContain("secret");
  });

  test("many requests of /readyz at once check the dependencies once, and later ones do again", async () => {
    let checks = 0;
    const gate = new Gate();
    api = await startExampleApi({
      chain: async () => {
        checks += 1;
        await gate.pass();
        return undefined;
      },
    });
    const ask = async (): Promise<number> => (await api.request("GET", "/readyz")).status;
    const asking = Array.from({ length: 20 }, ask);
    await gate.arrived();
    gate.open();
    expect(new Set(await Promise.all(asking))).toEqual(new Set([200]));
    expect(checks).toBe(1);
    await expect.poll(async () => (await ask(), checks)).toBe(2);
  });

  test("/readyz answers 200 while a dependency is degraded", async () => {
    api = await startExampleApi({ database: async () => {}, redis: async () => "degraded" });
    const { status, text } = await api.request("GET", "/readyz");
    expect(status).toBe(200);
    expect(text).toBe('{"status":"ready","checks":{"database":"ok","redis":"degraded"}}');
  });

  test("/openapi.json is the OpenAPI document with the server's public address", async () => {
    api = await startExampleApi();
    const { status, body } = await api.request("GET", "/openapi.json");
    expect(status).toBe(200);
    expect(body).toMatchObject({ openapi: "3.1.0", servers: [{ url: "https://tollfree.example" }] });
  });
});

test("a caller who doesn't read an answer is cut off, and one who does isn't", async () => {
  const ended: string[] = [];
  const text = "x".repeat(30_000_000); // more than sockets hold
  const server = await startServer(
    (req, res) => {
      res.once("close", () => ended.push(String(req.url)));
      if (req.url === "/reads" || req.url === "/waits") res.end(text);
      else if (req.url === "/streams") res.write(text);
      else setTimeout(() => res.end("late"), 3_000);
    },
    { host: "127.0.0.1", port: 0, readAnswerMs: 2_000 },
  );
  try {
    expect(await (await fetch(`${server.url}/reads`)).text()).toHaveLength(text.length);
    const late = fetch(`${server.url}/late`);
    const sockets = ["/waits", "/streams"].map((path) => {
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
      socket.pause().write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      return socket;
    });
    expect(await (await late).text()).toBe("late");
    await expect
      .poll(() => [...ended].sort(), { timeout: 10_000 })
      .toEqual(["/late", "/reads", "/streams", "/waits"]);
    for (const socket of sockets) socket.destroy();
  } finally {
    await server.close(0);
  }
});
