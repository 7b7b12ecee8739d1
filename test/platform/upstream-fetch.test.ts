import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
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

const server = createServer((req, res) => ANSWERS[req.url?.slice(1) ?? ""]?.(res));
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
  client.request({ method: "GET", url: `${origin}/${path}`, headers: {}, timeoutMs });

describe("an upstream's answer", () => {
  test.each(["gzip", "brotli", "twice", "plain", "endless"])(
    "a huge answer is cut off before it fills the memory (%s)",
    async (path) => {
      const before = process.memoryUsage().rss;
      const answer = await get(path);
      expect(answer.kind).not.toBe("answer");
      // The whole answer is 64 MiB or more, and some answers are endless.
      expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
    },
  );

  test("an answer that trickles in for ever ends with a timeout", async () => {
    const started = performance.now();
    expect((await get("trickle", 600)).kind).toBe("timeout");
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});
