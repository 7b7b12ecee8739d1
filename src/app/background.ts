import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Background } from "../core/context.ts";
import type { Log } from "../core/ports/log.ts";

const RETRY_EVERY_MS = 500;
const RETRY_FOR_MS = 300_000;
/** More work than this isn't retried, so that a long outage doesn't fill the memory. */
const MOST_RETRIED = 1_000;

/** Work that continues after its response was sent. */
export class BackgroundWork implements Background {
  readonly #log: Log;
  readonly #kept = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();
  #retried = 0;

  constructor(log: Log) {
    this.#log = log;
    // Each piece of work listens for the stop.
    setMaxListeners(MOST_RETRIED, this.#stopping.signal);
  }

  keep(work: Promise<unknown>): void {
    const watched = work
      .catch((error: unknown) => this.#log.warn({ error: String(error) }, "background work failed"))
      .finally(() => this.#kept.delete(watched));
    this.#kept.add(watched);
  }

  retry(name: string, work: () => Promise<void>): void {
    if (this.#retried >= MOST_RETRIED) {
      this.#log.error(
        { event: "retry_given_up", work: name, attempts: 0 },
        "too much work waits to be retried",
      );
      return;
    }
    this.#retried += 1;
    this.keep(this.#retryUntilDone(name, work).finally(() => (this.#retried -= 1)));
  }

  async #retryUntilDone(name: string, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    const end = performance.now() + RETRY_FOR_MS;
    for (let attempts = 1; ; attempts += 1) {
      // The last attempt is made when the server stops.
      await sleep(RETRY_EVERY_MS, undefined, { signal }).catch(() => undefined);
      try {
        await work();
        this.#log.info({ event: "retry_succeeded", work: name, attempts }, "work that failed was done");
        return;
      } catch (error) {
        if (!signal.aborted && performance.now() < end) continue;
        this.#log.error(
          { event: "retry_given_up", work: name, attempts, err: error },
          "work that failed was given up",
        );
        return;
      }
    }
  }

  /** Tries what failed once more, and waits for all work. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#kept);
  }
}
