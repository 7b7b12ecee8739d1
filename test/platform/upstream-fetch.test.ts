import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UpstreamFetch } from "../../src/platform/upstream-fetch.ts";

/** Answers of upstreams that are made to hurt whoever reads them. */

const HUGE = Buffer.alloc(64 * 1024 * 1024);
const ANSWERS: Record<string, (res: ServerResponse) => void> = {
  gzip: (res) => res.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(HUGE)),
  brotli: (res) => res.writeHead(200, { "content-encoding": "br" }).end(brotliCompressSync(HUGE)),
  twice: (res) => res.writeHead(200, { "content-encoding": "gzip, gzip" }).end(gzipSync(gzipSync(HUGE))),
  plain: (res) => res.writeHead(200).end(HUGE),
  endless(res) {
    res.writeHead(200);
    const chunk = Buffer.alloc(64 * 1024);
    const more = (): void => {
      while (!res.destroyed && res.write(chunk));
    };
    res.on("drain", more);
    more();
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
  it.each(["gzip", "brotli", "twice", "plain", "endless"])(
    "that is huge (%s): a bomb is cut off",
    async (path) => {
      const before = process.memoryUsage().rss;
      const answer = await get(path);
      expect(answer.kind).not.toBe("answer");
      // What was sent is 64 MiB and more; what is read of it isn't.
      expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
    },
  );

  it("that trickles in for ever is given up in time", async () => {
    const started = performance.now();
    expect((await get("trickle", 600)).kind).toBe("timeout");
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});
