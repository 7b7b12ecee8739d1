import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { LRUCache } from "lru-cache";
import { RateLimiterRedis } from "rate-limiter-flexible";
import type { Log } from "../../core/ports/log.ts";
import type { RateLimiter, RateRule, RateTake } from "../../core/ports/rate-limiter.ts";
import type { SqlPool } from "../../core/ports/sql.ts";
import { insuredMsLeft, keepInsured, postgresCounters, seed } from "./postgres-counters.ts";
import { counterPerRule, optionsOf, takeFrom } from "./take.ts";

/** An answer of Redis takes 0.1 ms. After this time it counts as lost. */
const ANSWER_WITHIN_MS = 1_000;
/** How often an idle replica asks Redis whether it is there, and how often a lost Redis is tried again. */
const CHECK_EVERY_MS = 1_000;
/** By then all replicas have noticed a Redis that was killed, or one that hangs, and have seeded PostgreSQL. */
const NOTICED_WITHIN_MS = { closed: 300, hanging: ANSWER_WITHIN_MS + CHECK_EVERY_MS + 300 };
/** Longer than the pause between two attempts of a replica. PostgreSQL counts until nobody has renewed this. */
const INSURED_FOR_MS = 3_000;
/** How long a start waits for Redis. */
const FIRST_CONTACT_MS = 2_000;
/** The most open windows that a replica remembers: the latest. */
const MAX_SEEN = 50_000;
/** The braces keep all keys in one slot of a cluster. */
const PREFIX = "{tollfree}:rate:";

/** A time in which PostgreSQL counts. */
interface Absence {
  since: number;
  /** Resolves when all replicas had the time to tell PostgreSQL what they saw. */
  seeded: Promise<void>;
  takesBefore: number;
}

/**
 * Redis counts. While it is lost PostgreSQL does, seeded with what each replica last saw in Redis: each answer of Redis
 * told the count over all replicas. When Redis is back, PostgreSQL is asked first until the windows that were opened
 * there have ended. So in a window in which Redis is lost, at most the limit and one take a replica more are allowed.
 *
 * A single replica that is cut off from a Redis which others still reach counts apart from them for that time.
 */
export class RedisLimiter implements RateLimiter {
  readonly totals = { lost: 0, insuredTakes: 0 };
  readonly #redis: Redis;
  readonly #inRedis: ReturnType<typeof counterPerRule>;
  readonly #inPostgres: ReturnType<typeof postgresCounters>;
  readonly #sql: SqlPool;
  readonly #log: Log;
  readonly #seen = new LRUCache<string, { points: number; expire: number }>({ max: MAX_SEEN });
  #absence: Absence | undefined;
  /** When PostgreSQL last counted for anybody, in this process's `performance.now()`. */
  #insuredUntil = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(url: string, sql: SqlPool, log: Log) {
    this.#sql = sql;
    this.#log = log;
    this.#inPostgres = postgresCounters(sql);
    let reconnecting = false;
    this.#redis = new Redis(url, {
      connectionName: "tollfree",
      enableOfflineQueue: false,
      // A take whose answer was lost is counted by PostgreSQL, and not by Redis again.
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      connectTimeout: FIRST_CONTACT_MS,
      retryStrategy: (attempts) => Math.min(attempts * 50, 250),
      // A primary that became a replica takes no writes. A new connection may reach the new primary.
      reconnectOnError: (error) => {
        if (reconnecting || !error.message.startsWith("READONLY")) return false;
        reconnecting = true;
        return true;
      },
    });
    this.#inRedis = counterPerRule(
      (rule) =>
        new RateLimiterRedis({
          ...optionsOf(rule),
          keyPrefix: PREFIX + rule.name,
          storeClient: this.#redis,
          rejectIfRedisNotReady: true,
        }),
    );
    this.#redis.on("ready", () => (reconnecting = false));
    let reason = "the connection was closed";
    this.#redis.on("error", (error: Error) => (reason = error.message));
    this.#redis.on("close", () => this.#lose(reason, "closed"));
  }

  /** Connects. If that fails, PostgreSQL counts until Redis is there. */
  static async start({ url, sql, log }: { url: string; sql: SqlPool; log: Log }): Promise<RedisLimiter> {
    const limiter = new RedisLimiter(url, sql, log);
    const msLeft = (await insuredMsLeft(sql).catch(() => undefined)) ?? -Infinity;
    limiter.#insuredUntil = performance.now() + msLeft;
    const deadline = performance.now() + FIRST_CONTACT_MS;
    for (let problem = await limiter.#ask(); problem !== undefined && !limiter.#isAway();) {
      if (performance.now() > deadline) limiter.#lose(problem, "closed");
      await sleep(20);
      problem = await limiter.#ask();
    }
    if (msLeft > 0) limiter.#lose("another replica can't reach it", "closed");
    limiter.#checkLater();
    return limiter;
  }

  async take(rule: RateRule, key: string): Promise<RateTake> {
    if (this.#isAway()) return this.#takeInsured(rule, key);
    if (performance.now() < this.#insuredUntil + rule.windowSeconds * 1000) {
      const inPostgres = this.#inPostgres(rule);
      if ((await inPostgres.get(key)) !== null) return takeFrom(inPostgres, rule, key);
    }
    try {
      const take = await inTime(takeFrom(this.#inRedis(rule), rule, key));
      if (this.#isAway()) return await this.#takeInsured(rule, key); // too late to be seeded
      const { limit, remaining, allowed, resetSeconds } = take;
      const points = allowed ? limit - remaining : limit + 1;
      this.#seen.set(`${rule.name}:${key}`, { points, expire: Date.now() + resetSeconds * 1000 });
      return take;
    } catch (error) {
      this.#lose(reasonOf(error), this.#redis.status === "ready" ? "hanging" : "closed");
      return this.#takeInsured(rule, key);
    }
  }

  /** @returns `degraded` while PostgreSQL counts */
  async check(): Promise<"degraded" | undefined> {
    const problem = await this.#ask();
    if (problem !== undefined) this.#lose(problem, this.#redis.status === "ready" ? "hanging" : "closed");
    return this.#isAway() ? "degraded" : undefined;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#redis.disconnect();
  }

  async #takeInsured(rule: RateRule, key: string): Promise<RateTake> {
    await this.#absence?.seeded;
    this.totals.insuredTakes += 1;
    return takeFrom(this.#inPostgres(rule), rule, key);
  }

  #lose(reason: string, how: keyof typeof NOTICED_WITHIN_MS): void {
    if (this.#isAway() || this.#closed) return;
    this.totals.lost += 1;
    const seeded = Promise.all([this.#seed(), sleep(NOTICED_WITHIN_MS[how])]).then(() => undefined);
    this.#absence = { since: performance.now(), seeded, takesBefore: this.totals.insuredTakes };
    const fields = { event: "rate_limits_insured", reason, lost: this.totals.lost };
    this.#log.warn(fields, "Redis is away, PostgreSQL counts the rate limits");
  }

  async #seed(): Promise<void> {
    const open = [...this.#seen.entries()].flatMap(([key, window]) =>
      window.expire > Date.now() ? [{ key, ...window }] : [],
    );
    this.#seen.clear();
    try {
      await keepInsured(this.#sql, INSURED_FOR_MS);
      if (open.length > 0) await seed(this.#sql, open);
    } catch (error) {
      this.#log.error({ event: "rate_limits_lost", err: error }, "open windows couldn't be seeded");
    }
  }

  /** Notices a lost Redis also where nobody calls, and a Redis that is back. */
  #checkLater(): void {
    this.#timer = setTimeout(() => {
      const work = this.#isAway() ? this.#tryReturn() : this.check();
      work.catch(() => undefined).finally(() => this.#closed || this.#checkLater());
    }, CHECK_EVERY_MS);
    this.#timer.unref();
  }

  /** Goes back to Redis once no replica has been without it for a while. All of them do at the same moment. */
  async #tryReturn(): Promise<void> {
    const absence = this.#absence;
    if (absence === undefined) return;
    await absence.seeded;
    if ((await this.#ask()) !== undefined) return keepInsured(this.#sql, INSURED_FOR_MS);
    const msLeft = (await insuredMsLeft(this.#sql)) ?? 0;
    if (msLeft > CHECK_EVERY_MS) return;
    if (msLeft > 0) await sleep(msLeft);
    if (((await insuredMsLeft(this.#sql)) ?? 0) > 0 || this.#closed) return;
    this.#absence = undefined;
    this.#insuredUntil = performance.now();
    const awayMs = Math.round(performance.now() - absence.since);
    const insuredTakes = this.totals.insuredTakes - absence.takesBefore;
    const fields = { event: "rate_limits_on_redis", away_ms: awayMs, insured_takes: insuredTakes };
    this.#log.info(fields, "Redis is back");
  }

  #isAway(): boolean {
    return this.#absence !== undefined;
  }

  /** Asks Redis to write. Returns what is wrong with it, if anything. */
  async #ask(): Promise<string | undefined> {
    try {
      await inTime(this.#redis.set(`${PREFIX}checked`, Date.now(), "EX", 60));
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }
}

/**
 * Rejects if there is no answer in time. Before that it lets Node read once more: a process that was busy for so long has
 * the answers of that time still unread.
 */
function inTime<Answer>(command: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`));
    const timer = setTimeout(() => setImmediate(giveUp), ANSWER_WITHIN_MS);
    command.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
