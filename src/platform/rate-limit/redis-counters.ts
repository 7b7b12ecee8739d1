import { Redis } from "ioredis";
import type { Window } from "./window.ts";

/** An answer takes 0.1 ms; after this long there is none to wait for. */
const ANSWER_WITHIN_MS = 1_000;
const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_DELAY_MS = 250;

/** The braces keep all keys in one slot of a cluster. */
const PREFIX = "{tollfree}:rate:";
/** Holds when a replica last came back from counting elsewhere, or when this Redis was first seen, empty. */
const REJOINED_KEY = `${PREFIX}rejoined`;

const NOW = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * KEYS: counter, rejoined. ARGV: the window in ms; how long after a rejoin not to count, but only to tell of the window
 * that is open here.
 */
const COUNT = `${NOW}
  local rejoined = tonumber(redis.call('GET', KEYS[2]) or '')
  if not rejoined then
    redis.call('SET', KEYS[2], now)
    rejoined = now
  end
  if now - rejoined < tonumber(ARGV[2]) then
    return { tonumber(redis.call('GET', KEYS[1]) or '0'), redis.call('PTTL', KEYS[1]), now - rejoined }
  end
  local hits = redis.call('INCR', KEYS[1])
  if hits == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
  return { hits, redis.call('PTTL', KEYS[1]) }`;

/** KEYS: rejoined. Writes in any case, since a Redis that takes no writes can't count. */
const REJOIN = `${NOW}
  return redis.call('SET', KEYS[1], now)`;

type Reply = [hits: number, msLeft: number, rejoinedMsAgo?: number];

/** A take that Redis didn't count, since a replica has just rejoined. */
export interface Uncounted {
  rejoinedMsAgo: number;
  /** The window that is open in Redis. */
  open?: Window;
}

declare module "ioredis" {
  // What `defineCommand` adds.
  interface Redis {
    tollfreeCount(counter: string, rejoined: string, windowMs: number, quietMs: number): Promise<Reply>;
    tollfreeRejoin(rejoined: string): Promise<unknown>;
  }
}

/** Counters in Redis. Every call either answers quickly or fails quickly; nothing is queued or sent twice. */
export class RedisCounters {
  readonly #client: Redis;

  /** @param onLost the connection is gone, or couldn't be made */
  constructor(url: string, onLost: (reason: string) => void) {
    this.#client = new Redis(url, {
      connectionName: "tollfree",
      enableOfflineQueue: false,
      // A take whose answer was lost is asked of PostgreSQL, not of Redis again.
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      connectTimeout: CONNECT_TIMEOUT_MS,
      retryStrategy: (times) => Math.min(times * 50, MAX_RECONNECT_DELAY_MS),
    });
    this.#client.defineCommand("tollfreeCount", { numberOfKeys: 2, lua: COUNT });
    this.#client.defineCommand("tollfreeRejoin", { numberOfKeys: 1, lua: REJOIN });
    let reason = "the connection was closed";
    this.#client.on("error", (error: Error) => (reason = error.message));
    this.#client.on("close", () => onLost(reason));
  }

  /** Counts a take, unless a replica rejoined less than `quietMs` ago. @throws if there is no answer in time */
  async count(counter: string, windowSeconds: number, quietMs: number): Promise<Window | Uncounted> {
    const [hits, msLeft, rejoinedMsAgo] = await inTime(
      this.#client.tollfreeCount(PREFIX + counter, REJOINED_KEY, windowSeconds * 1000, quietMs),
    );
    if (rejoinedMsAgo === undefined) return { hits, msLeft };
    return { rejoinedMsAgo, ...(msLeft > 0 && { open: { hits, msLeft } }) };
  }

  /** Tells all replicas that somebody counted elsewhere until now. @throws if Redis can't be written to */
  async rejoin(): Promise<void> {
    await inTime(this.#client.tollfreeRejoin(REJOINED_KEY));
  }

  /** @throws if it doesn't answer */
  async ping(): Promise<void> {
    await inTime(this.#client.ping());
  }

  close(): void {
    this.#client.disconnect();
  }
}

/** Before it gives up it reads once more: a process that was busy that long has its answers still unread. */
function inTime<Answer>(command: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`));
    const timer = setTimeout(() => setImmediate(giveUp), ANSWER_WITHIN_MS);
    command.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
