// Watches the health of servers under load, in a process that does nothing else (`watchHealth` of programs.ts). What to watch is read from the standard
// input, and what was seen is printed.
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

export interface HealthWatch {
  urls: string[];
  seconds: number;
}

/** One answer of `/healthz`: how long it took, and when it was asked for. */
export interface SeenHealth {
  ms: number;
  atSeconds: number;
}

const EVERY_MS = 50;

const { urls, seconds } = JSON.parse(await text(process.stdin)) as HealthWatch;
const started = performance.now();
const seen: SeenHealth[] = [];

await Promise.all(
  urls.map(async (url) => {
    for (;;) {
      const asked = performance.now();
      if (asked - started > seconds * 1_000) return;
      const response = await fetch(`${url}/healthz`);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`/healthz of ${url} answered ${response.status}`);
      const ms = performance.now() - asked;
      seen.push({ ms, atSeconds: (asked - started) / 1_000 });
      await sleep(Math.max(0, EVERY_MS - ms));
    }
  }),
);
console.log(JSON.stringify(seen));
