import type { Database } from "../../core/ports/database.ts";
import type { Log } from "../../core/ports/log.ts";
import type { RateLimiter } from "../../core/ports/rate-limiter.ts";
import { MemoryLimiter } from "./memory-limiter.ts";
import { PostgresLimiter } from "./postgres-limiter.ts";
import { RedisLimiter } from "./redis-limiter.ts";

/** Where limits are counted: in this process only, or where all replicas see it. */
export type LimiterStore = { kind: "memory" } | { kind: "postgres" } | { kind: "redis"; url: string };

export interface RunningLimiter {
  limiter: RateLimiter;
  /** For `/readyz`; a database has a check of its own. */
  check?: () => Promise<"degraded" | undefined>;
  /** Of a Redis that PostgreSQL stands in for. */
  totals?: { readonly lost: number; readonly insuredTakes: number };
  /** Tidies up; to be called every few minutes. */
  sweep(): Promise<void>;
  close(): void;
}

/** Starts the limiter for a store. */
export async function createLimiter(
  store: LimiterStore,
  { db, databaseUrl, log }: { db: Database; databaseUrl: string; log: Log },
): Promise<RunningLimiter> {
  const nothing = { sweep: () => Promise.resolve(), close: () => undefined };
  if (store.kind === "memory") return { limiter: new MemoryLimiter(), ...nothing };
  const postgres = new PostgresLimiter(db);
  const sweep = (): Promise<void> => postgres.sweep();
  if (store.kind === "postgres") return { ...nothing, limiter: postgres, sweep };
  const limiter = await RedisLimiter.start({ url: store.url, databaseUrl, insurance: postgres, log });
  return {
    limiter,
    totals: limiter.totals,
    check: () => limiter.check(),
    sweep,
    close: () => limiter.close(),
  };
}
