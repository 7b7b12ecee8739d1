import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { writeHead } from "../request/write-head.ts";

/** Marks a value that comes later, in a line of its own. */
const PROMISE = 0;
const FULFILLED = 0;

/**
 * The response to tRPC's `httpBatchStreamLink`. The first line names a chunk for each call. Then comes one line for
 * each result, in any order: `[chunk, status, [[result]]]`.
 */
export class JsonLines {
  readonly #res: ServerResponse;

  constructor(req: IncomingMessage, res: ServerResponse, calls: number) {
    this.#res = res;
    writeHead(req, res, 200, {
      "Content-Type": "application/jsonl; charset=utf-8",
      // Proxies such as nginx would otherwise hold the lines back.
      "X-Accel-Buffering": "no",
    });
    const chunks = Array.from({ length: calls }, (_, index) => [index, [[0], [null, PROMISE, index]]]);
    res.write(`${JSON.stringify(Object.fromEntries(chunks))}\n`);
  }

  /** Sends one result, which is JSON. Waits while the caller reads slowly. If the caller has left, does nothing. */
  async write(index: number, result: string): Promise<void> {
    const res = this.#res;
    if (res.destroyed) return;
    if (res.write(`[${index},${FULFILLED},[[${result}]]]\n`)) return;
    const waited = new AbortController();
    const { signal } = waited;
    // An error of the connection is followed by `close`.
    await Promise.race([once(res, "drain", { signal }), once(res, "close", { signal })]).catch(
      () => undefined,
    );
    waited.abort();
  }

  end(): void {
    this.#res.end();
  }
}
