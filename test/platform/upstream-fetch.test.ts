import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UpstreamFetch } from "../../src/platform/upstream-fetch.ts";

/** Answers of upstreams that are made to exhaust the reader's memory or time. */

const HUGE = Buffer.alloc(64 * 1024 * 1024);
const ANSWERS: Record<string, (res: ServerResponse) => void> = {
  gzip: (res) => res.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(HUGE)),
  brotli: (res) => res.writeHead(200, { "content-encoding": "br" }).end(brotliCompressSync(HUGE)),
  twice: (res) => res.writeHead(200, { "content-encoding": "gzip, gzip" }).end(gzipSync(gzipSync(HUGE))),
  plain: (res) => res.writeHead(200).end(HUGE),
  endless(res) {
    res.writeHead(200);
    const chunk = Buffer.alloc(64 * 1024);
    const writeMore = (): void => {
      while (!res.destroyed && res.write(chunk));
    };
    res.on("drain", writeMore);
    writeMore();
  },
  trickle(res) {
    res.writeHead(200);
    const timer = setInterval(() => res.write("."), 50);
    res.once("close", () => clearInterval(timer));
  },
};

/** Answers that break off, or whose encoding is wrong. */
const JSON_TEXT = JSON.stringify({ temperature: 21.5, note: "a café by the sea".repeat(50) });
const FOUR_TIMES = [1, 2, 3, 4].reduce((packed) => gzipSync(packed), Buffer.from(JSON_TEXT));
const ZSTD_FRAME = Buffer.from("28b52ffd0458110000303132", "hex");
const BROKEN: Record<string, (res: ServerResponse) => void> = {
  "cut-before-body"(res) {
    res.writeHead(200, { "content-length": "100" }).flushHeaders();
    res.socket?.destroy();
  },
  "cut-in-body"(res) {
    res.writeHead(200, { "content-length": "100" });
    res.write("the first part", () => res.socket?.destroy());
  },
  "cut-gzip"(res) {
    const packed = gzipSync(JSON_TEXT);
    res.writeHead(200, { "content-encoding": "gzip", "content-length": String(packed.length) });
    res.write(packed.subarray(0, packed.length - 12), () => res.socket?.destroy());
  },
  "not-gzip": (res) => res.writeHead(200, { "content-encoding": "gzip" }).end("plain after all"),
  "many-times": (res) => res.writeHead(200, { "content-encoding": "gzip, gzip, gzip, gzip" }).end(FOUR_TIMES),
  zstd: (res) => res.writeHead(200, { "content-encoding": "zstd" }).end(ZSTD_FRAME),
  "raw-deflate": (res) =>
    res.writeHead(200, { "content-encoding": "deflate" }).end(deflateRawSync(JSON_TEXT)),
  deflate: (res) => res.writeHead(200, { "content-encoding": "deflate" }).end(deflateSync(JSON_TEXT)),
};

const server = createServer((req, res) => ({ ...ANSWERS, ...BROKEN })[req.url?.slice(1) ?? ""]?.(res));
const client = new UpstreamFetch({ allowPrivate: true, allowedOrigins: [], httpsOnly: false });
let origin: string;
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await client.close();
  server.closeAllConnections();
  server.close();
});

const get = (path: string, timeoutMs = 5_000) =>
  client.request({ method: "GET", url: `${origin}/${path}`, headers: {}, timeoutMs, confidential: [] });

describe("an upstream's answer", () => {
  test.each(["gzip", "brotli", "twice", "plain", "endless"])(
    "a huge answer is cut off before it fills the memory (%s)",
    async (path) => {
      const before = process.memoryUsage().rss;
      // Taking it apart is work, and other test files keep the machine busy.
      const answer = await get(path, 30_000);
      expect(answer).toMatchObject({ kind: "answer", status: 200, truncated: true });
      expect(answer.kind === "answer" && answer.body.length).toBeLessThanOrEqual(2_000_000);
      // The whole answer is 64 MiB or more, and some answers are endless.
      expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
    },
  );

  test("an answer that trickles in for ever is returned as far as it came", async () => {
    const started = performance.now();
    const answer = await get("trickle", 600);
    expect(answer).toMatchObject({ kind: "answer", status: 200, truncated: true });
    expect(answer.kind === "answer" && String(answer.body)).toMatch(/^\.+$/);
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  test.each(["gzip", "endless", "trickle", "cut-before-body", "deflate"])(
    "where only the status is asked for, nothing of the body is kept, and nobody waits for it (%s)",
    async (path) => {
      const answer = await client.request({
        ...{ method: "POST", url: `${origin}/${path}`, headers: {}, timeoutMs: 20_000, confidential: [] },
        reads: "status",
      });
      expect(answer).toMatchObject({ kind: "answer", status: 200, headers: {} });
      expect(answer.kind === "answer" && [answer.body.length, answer.elapsedMs < 10_000]).toEqual([0, true]);
    },
  );

  test("an answer that breaks off before its body is a broken connection", async () => {
    expect(await get("cut-before-body")).toMatchObject({ kind: "cut" });
  });

  test("an answer that breaks off in its body is returned as far as it came", async () => {
    const answer = await get("cut-in-body");
    expect(answer).toMatchObject({ kind: "answer", status: 200, truncated: true });
    expect(answer.kind === "answer" && String(answer.body)).toBe("the first part");
  });

  test("a compressed answer that breaks off is decompressed as far as it came", async () => {
    const answer = await get("cut-gzip");
    expect(answer).toMatchObject({ kind: "answer", truncated: true });
    const text = answer.kind === "answer" ? String(answer.body) : "";
    expect(text.length).toBeGreaterThan(20);
    expect(JSON_TEXT.startsWith(text)).toBe(true);
  });

  test.each([
    ["not-gzip", "gzip", Buffer.from("plain after all")],
    ["zstd", "zstd", ZSTD_FRAME],
    ["many-times", "gzip, gzip, gzip, gzip", FOUR_TIMES],
  ])("an answer whose encoding can't be undone is returned as it came (%s)", async (path, encoding, body) => {
    const answer = await get(path);
    expect(answer).toMatchObject({ kind: "answer", truncated: false, encoding });
    expect(answer.kind === "answer" && answer.body.equals(body)).toBe(true);
  });

  test.each(["deflate", "raw-deflate"])("an answer in the encoding %s is decompressed", async (path) => {
    const answer = await get(path);
    expect(answer).toMatchObject({ kind: "answer", truncated: false });
    expect(answer).not.toHaveProperty("encoding");
    expect(answer.kind === "answer" && String(answer.body)).toBe(JSON_TEXT);
  });
});

test("a URL that is never called is told before it is called", () => {
  const strict = new UpstreamFetch({ allowPrivate: false, allowedOrigins: [origin], httpsOnly: true });
  expect(strict.refusalOf("https://sponsor.example/hook")).toBeUndefined();
  expect(strict.refusalOf(`${origin}/hook`)).toBeUndefined();
  for (const url of [
    "http://sponsor.example/hook",
    "https://127.0.0.1/hook",
    "https://0x7f000001/hook",
    "https://[::1]/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://ada:secret@sponsor.example/hook",
    "ftp://sponsor.example/hook",
    "hook",
  ])
    expect(strict.refusalOf(url), url).toEqual(expect.any(String));
});
