import { RateLimiterMemory } from "rate-limiter-flexible";
import type { Log } from "../../core/ports/log.ts";
import type { RateLimiter, RateRule } from "../../core/ports/rate-limiter.ts";
import type { SqlPool } from "../../core/ports/sql.ts";
import { deleteEndedWindows, postgresCounters } from "./postgres-counters.ts";
import { RedisLimiter } from "./redis-limiter.ts";
import type { Counter } from "./take.ts";
import { counterPerRule, optionsOf, takeFrom } from "./take.ts";

/** Where limits are counted: in this process only, or where all replicas see it. */
export type LimiterStore = { kind: "memory" } | { kind: "postgres" } | { kind: "redis"; url: string };

export interface RunningLimiter {
  limiter: RateLimiter;
  /** For `/readyz`. The database has a check of its own. */
  check?: () => Promise<"degraded" | undefined>;
  /** Since the start: how often Redis was lost, and how many takes PostgreSQL counted for it. */
  totals?: { readonly lost: number; readonly insuredTakes: number };
  /** Deletes windows that have ended. */
  purge(): Promise<void>;
  close(): void;
}

/** Starts the limiter for a store. It counts with rate-limiter-flexible. */
export async function createLimiter(
  store: LimiterStore,
  { sql, log }: { sql: SqlPool; log: Log },
): Promise<RunningLimiter> {
  const purge = (): Promise<void> => deleteEndedWindows(sql);
  const close = (): void => undefined;
  switch (store.kind) {
    case "memory":
      return { limiter: createMemoryLimiter(), purge: () => Promise.resolve(), close };
    case "postgres":
      return { limiter: limiterOver(postgresCounters(sql)), purge, close };
    case "redis": {
      const limiter = await RedisLimiter.start({ url: store.url, sql, log });
      return {
        limiter,
        check: () => limiter.check(),
        totals: limiter.totals,
        purge,
        close: () => limiter.close(),
      };
    }
  }
}

/** Counts in this process, for a server that has no replicas. */
export const createMemoryLimiter = (): RateLimiter =>
  limiterOver(counterPerRule((rule) => new RateLimiterMemory(optionsOf(rule))));

const limiterOver = (counters: (rule: RateRule) => Counter): RateLimiter => ({
  take: (rule, key) => takeFrom(counters(rule), rule, key),
});
