import type { Deps } from "../../context.ts";
import type { CampaignTally, TallyEvent } from "../../ports/campaign-tally.ts";
import { addTallies } from "./store.ts";

/** Rows of one statement. */
const MOST_ROWS = 5_000;
/** Rows in memory between two flushes. What comes beyond them isn't counted. */
const MOST_WAITING = 100_000;

/**
 * Counts what happens to campaigns in this process, until `flush` adds the counts to those of all. A process that is killed loses
 * those of the last seconds. No money depends on them.
 */
export class CampaignTallies implements CampaignTally {
  readonly #deps: Pick<Deps, "sql">;
  /** By campaign, day and event. */
  #waiting = new Map<string, bigint>();

  constructor(deps: Pick<Deps, "sql">) {
    this.#deps = deps;
  }

  count(event: TallyEvent, campaignIds: Iterable<string | null>): void {
    const day = new Date().toISOString().slice(0, 10);
    for (const id of new Set(campaignIds)) if (id !== null) this.#add(`${id} ${day} ${event}`, 1n);
  }

  /** Stores what was counted since the last time. What can't be stored is kept for the next time. Calls must not overlap. */
  async flush(): Promise<void> {
    const rows = [...this.#waiting];
    this.#waiting = new Map();
    while (rows.length > 0) {
      const batch = rows.splice(0, MOST_ROWS);
      const keys = batch.map(([key]) => key.split(" ") as [string, string, string]);
      try {
        await addTallies.count(this.#deps.sql, {
          campaign_ids: keys.map(([id]) => id),
          days: keys.map(([, day]) => day),
          events: keys.map(([, , event]) => event),
          counts: batch.map(([, count]) => count),
        });
      } catch (error) {
        for (const [key, count] of [...batch, ...rows]) this.#add(key, count);
        throw error;
      }
    }
  }

  #add(key: string, count: bigint): void {
    const before = this.#waiting.get(key);
    if (before === undefined && this.#waiting.size >= MOST_WAITING) return;
    this.#waiting.set(key, (before ?? 0n) + count);
  }
}
