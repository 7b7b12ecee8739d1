import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { Log } from "../../core/ports/log.ts";
import type { RateLimiter, RateRule, RateTake } from "../../core/ports/rate-limiter.ts";
import type { PostgresLimiter } from "./postgres-limiter.ts";
import type { Uncounted } from "./redis-counters.ts";
import { RedisCounters } from "./redis-counters.ts";
import { RedisReplicas } from "./redis-replicas.ts";
import type { Window } from "./window.ts";
import { counterOf, toTake } from "./window.ts";

/** How often a lost Redis is tried again. */
const RETRY_MS = 500;
/** Within this time of the first replica's return all others have returned too; nobody counts in Redis before. */
const GATHER_MS = 3_000;
/** How long a start waits for Redis. */
const FIRST_CONTACT_MS = 2_000;
/** Open windows remembered, the latest ones. */
const MAX_SEEN = 50_000;

/** A time without Redis. */
interface Absence {
  since: number;
  /** Resolves when PostgreSQL can be asked. */
  handedOver: Promise<void>;
  /** Of `insuredTakes`, those of earlier absences. */
  takesBefore: number;
}

export interface RedisLimiterOptions {
  url: string;
  /** Of the insurance. */
  databaseUrl: string;
  insurance: PostgresLimiter;
  log: Log;
}

/**
 * Redis counts, and while it is away PostgreSQL does. Switching gives nobody a second allowance:
 * - A Redis that dies takes its windows with it. What this replica saw of them is written to PostgreSQL, which goes
 *   on from there. Each answer of Redis told the count over all replicas, so together they know every window; nobody
 *   counts in PostgreSQL before all have told it.
 * - When Redis is back, windows that are open in PostgreSQL go on there until they end. Only new ones begin in Redis,
 *   once all replicas had the time to return.
 *
 * A single replica cut off from a Redis that others still reach waits for them in vain, and then counts apart from them as
 * long as that lasts; when it returns, both counts are added up.
 *
 * It isn't rate-limiter-flexible with its `insuranceLimiter`, which begins each window afresh when Redis dies, and again
 * when it returns: up to twice the limit for whoever knows when.
 */
export class RedisLimiter implements RateLimiter {
  readonly #redis: RedisCounters;
  readonly #roll: RedisReplicas;
  readonly #insurance: PostgresLimiter;
  readonly #log: Log;
  readonly #seen = new LRUCache<string, { hits: number; endsAt: number }>({ max: MAX_SEEN });
  #absence: Absence | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  /** Since the start: how often Redis was lost, and how many takes PostgreSQL counted for it. */
  readonly totals = { lost: 0, insuredTakes: 0 };

  private constructor({ url, databaseUrl, insurance, log }: RedisLimiterOptions) {
    this.#insurance = insurance;
    this.#log = log;
    this.#roll = new RedisReplicas(databaseUrl, () => {
      this.check().catch(() => undefined); // it tells what is wrong, and throws nothing
    });
    this.#redis = new RedisCounters(url, (reason) => this.#lose(reason));
  }

  /** Connects; where that fails, PostgreSQL counts until Redis is there. */
  static async start(options: RedisLimiterOptions): Promise<RedisLimiter> {
    const limiter = new RedisLimiter(options);
    await limiter.#roll.enter();
    const deadline = performance.now() + FIRST_CONTACT_MS;
    for (let problem = await limiter.#ask(); problem !== undefined && !limiter.#isAway();) {
      if (performance.now() > deadline) limiter.#lose(problem);
      await sleep(20);
      problem = await limiter.#ask();
    }
    return limiter;
  }

  async take(rule: RateRule, key: string): Promise<RateTake> {
    const quietMs = GATHER_MS + rule.windowSeconds * 1000;
    const counted = await this.#count(rule, key, quietMs);
    if (counted === undefined) return this.#takeInsured(rule, key);
    if (!("rejoinedMsAgo" in counted)) return toTake(rule, counted);

    const { rejoinedMsAgo, open } = counted;
    if (rejoinedMsAgo < GATHER_MS) return this.#insurance.take(rule, key, open);
    const finished = await this.#insurance.takeIfOpen(rule, key, open);
    if (finished !== undefined) return finished;
    const begun = await this.#count(rule, key, GATHER_MS);
    if (begun === undefined || "rejoinedMsAgo" in begun) return this.#takeInsured(rule, key);
    return toTake(rule, begun);
  }

  /** @returns `degraded` while PostgreSQL stands in */
  async check(): Promise<"degraded" | undefined> {
    const problem = await this.#ask();
    if (problem !== undefined) this.#lose(problem);
    return this.#isAway() ? "degraded" : undefined;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#redis.close();
    this.#roll.close();
  }

  /** Counts in Redis; undefined if it is away. */
  async #count(rule: RateRule, key: string, quietMs: number): Promise<Window | Uncounted | undefined> {
    if (this.#isAway()) return undefined;
    const counter = counterOf(rule, key);
    try {
      const counted = await this.#redis.count(counter, rule.windowSeconds, quietMs);
      if (this.#isAway()) return undefined; // too late to be handed over
      if (!("rejoinedMsAgo" in counted)) {
        this.#seen.set(counter, { hits: counted.hits, endsAt: performance.now() + counted.msLeft });
      }
      return counted;
    } catch (error) {
      this.#lose(reasonOf(error));
      return undefined;
    }
  }

  async #takeInsured(rule: RateRule, key: string): Promise<RateTake> {
    await this.#absence?.handedOver;
    this.totals.insuredTakes += 1;
    return this.#insurance.take(rule, key);
  }

  #lose(reason: string): void {
    if (this.#isAway() || this.#closed) return;
    this.totals.lost += 1;
    this.#absence = {
      since: performance.now(),
      handedOver: this.#handOver(),
      takesBefore: this.totals.insuredTakes,
    };
    this.#log.warn(
      { event: "rate_limits_insured", reason, lost: this.totals.lost },
      "Redis is away, PostgreSQL counts the rate limits",
    );
    this.#retryLater();
  }

  /** Tells PostgreSQL of the windows that were open in Redis, and waits until the other replicas did so too. */
  async #handOver(): Promise<void> {
    const now = performance.now();
    const open = [...this.#seen.entries()].flatMap(([counter, { hits, endsAt }]) =>
      endsAt > now ? [{ counter, hits, msLeft: endsAt - now }] : [],
    );
    this.#seen.clear();
    try {
      await this.#roll.tellOthers();
      if (open.length > 0) await this.#insurance.adopt(open);
    } catch (error) {
      this.#log.error({ event: "rate_limits_lost", err: error }, "open windows couldn't be handed over");
    }
    try {
      await this.#roll.leave();
    } catch (error) {
      this.#log.warn({ event: "rate_limits_apart", err: error }, "another replica still counts in Redis");
    }
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#return().catch(() => this.#retryLater());
    }, RETRY_MS);
    this.#retry.unref();
  }

  /** @throws while Redis can't be written to */
  async #return(): Promise<void> {
    const absence = this.#absence;
    if (absence === undefined) return;
    await absence.handedOver;
    await this.#redis.rejoin();
    await this.#roll.enter();
    if (this.#closed) return;
    this.#absence = undefined;
    this.#log.info(
      {
        event: "rate_limits_on_redis",
        away_ms: Math.round(performance.now() - absence.since),
        insured_takes: this.totals.insuredTakes - absence.takesBefore,
      },
      "Redis is back",
    );
  }

  #isAway(): boolean {
    return this.#absence !== undefined;
  }

  /** @returns what is wrong with Redis, if anything */
  async #ask(): Promise<string | undefined> {
    try {
      await this.#redis.ping();
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
