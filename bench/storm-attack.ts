// The hostile callers of storm.bench.ts, in a process of their own, so that they don't delay the measuring. The
// attack is read from the standard input, and the statuses of its answers are printed.
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

export interface AttackRequest {
  method: "GET" | "POST";
  path: string;
  headers: Record<string, string>;
  body?: string;
}

export interface Attack {
  /** The servers, which are called in turns. */
  urls: string[];
  seconds: number;
  /** One list for each caller. It repeats its list, one request after the other. */
  callers: AttackRequest[][];
}

const PAUSE_MS = 50;

const { urls, seconds, callers } = JSON.parse(await text(process.stdin)) as Attack;
const statuses: Record<string, number> = {};
const until = performance.now() + seconds * 1_000;

await Promise.all(
  callers.map(async (requests, index) => {
    for (let n = index; performance.now() < until; n += 1) {
      const request = requests[n % requests.length];
      if (request === undefined) return;
      const { path, ...options } = request;
      const status = await fetch(`${urls[n % urls.length] ?? ""}${path}`, options).then(
        async (response) => {
          await response.arrayBuffer();
          return String(response.status);
        },
        () => "no answer",
      );
      statuses[status] = (statuses[status] ?? 0) + 1;
      await sleep(PAUSE_MS);
    }
  }),
);
console.log(JSON.stringify(statuses));
