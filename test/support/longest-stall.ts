import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

/** Longer than the garbage of what was there before takes to go. */
const PAUSE_MS = 50;

/**
 * The longest time, in milliseconds, for which some work held up the event loop: of several tries the shortest, since a
 * machine that does other work disturbs single ones. Servers of tests run in the tests' own process, so what the test does
 * itself counts too: it should send texts that are made before, and not parse the answers.
 */
export async function longestStall(work: () => Promise<unknown>, tries = 3): Promise<number> {
  const stalls: number[] = [];
  for (let n = 0; n < tries; n += 1) {
    await sleep(PAUSE_MS);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    await sleep(PAUSE_MS);
    delay.reset();
    await work();
    await sleep(PAUSE_MS);
    delay.disable();
    stalls.push(delay.max / 1e6);
  }
  return Math.min(...stalls);
}
