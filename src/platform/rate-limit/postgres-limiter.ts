import type { Database } from "../../core/ports/database.ts";
import type { RateLimiter, RateRule, RateTake } from "../../core/ports/rate-limiter.ts";
import type { Window } from "./window.ts";
import { counterOf, toTake } from "./window.ts";

/** A window that was counted elsewhere, as far as somebody saw it. */
export interface SeenWindow extends Window {
  counter: string;
}

/**
 * Counts in PostgreSQL, one atomic statement a take, so exactly over all replicas. The table is unlogged: a count of
 * the last minute needn't survive a crash of the database, and costs no write-ahead log. All times are the
 * statement's `now()`, so that one window can't be read as over in one column and as open in the other.
 */
export class PostgresLimiter implements RateLimiter {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @param known the same window as it was counted elsewhere */
  async take(rule: RateRule, key: string, known?: Window): Promise<RateTake> {
    const { hits, msLeft } = known ?? { hits: 0, msLeft: rule.windowSeconds * 1000 };
    const [window] = await this.#db.$queryRaw<Window[]>`
      INSERT INTO rate_limits AS r (counter, taken, adopted, ends_at)
      VALUES (${counterOf(rule, key)}, 1, ${hits}::int, now() + make_interval(secs => ${msLeft / 1000}::float8))
      ON CONFLICT (counter) DO UPDATE SET
        taken = CASE WHEN r.ends_at > now() THEN r.taken + 1 ELSE 1 END,
        adopted = CASE WHEN r.ends_at > now() THEN greatest(r.adopted, excluded.adopted) ELSE excluded.adopted END,
        ends_at = CASE WHEN r.ends_at > now() THEN r.ends_at ELSE excluded.ends_at END
      RETURNING taken + adopted AS hits, (extract(epoch FROM ends_at - now()) * 1000)::float8 AS "msLeft"`;
    if (window === undefined) throw new Error("a take was not counted");
    return toTake(rule, window);
  }

  /** Counts a take in the window that is open here, if there is one; opens none. */
  async takeIfOpen(rule: RateRule, key: string, known?: Window): Promise<RateTake | undefined> {
    const [window] = await this.#db.$queryRaw<Window[]>`
      UPDATE rate_limits SET taken = taken + 1, adopted = greatest(adopted, ${known?.hits ?? 0}::int)
       WHERE counter = ${counterOf(rule, key)} AND ends_at > now()
      RETURNING taken + adopted AS hits, (extract(epoch FROM ends_at - now()) * 1000)::float8 AS "msLeft"`;
    return window && toTake(rule, window);
  }

  /**
   * Takes over windows that were counted elsewhere. Several replicas may have seen the same one, and tell of it in any
   * order, also after takes were counted here: whoever saw most takes in it is right.
   */
  async adopt(windows: SeenWindow[]): Promise<void> {
    // Sorted, so that replicas which do this at the same moment don't wait for each other in a circle.
    await this.#db.$executeRaw`
      INSERT INTO rate_limits AS r (counter, taken, adopted, ends_at)
      SELECT counter, 0, hits, now() + make_interval(secs => "msLeft" / 1000)
        FROM jsonb_to_recordset(${JSON.stringify(windows)}::jsonb) AS seen(counter text, hits int, "msLeft" float8)
       ORDER BY counter
      ON CONFLICT (counter) DO UPDATE SET
        taken = CASE WHEN r.ends_at > now() THEN r.taken ELSE 0 END,
        adopted = CASE WHEN r.ends_at > now() THEN greatest(r.adopted, excluded.adopted) ELSE excluded.adopted END,
        ends_at = CASE WHEN r.ends_at > now() THEN r.ends_at ELSE excluded.ends_at END`;
  }

  /** Forgets windows that are over. */
  async sweep(): Promise<void> {
    await this.#db.$executeRaw`DELETE FROM rate_limits WHERE ends_at <= now()`;
  }
}
