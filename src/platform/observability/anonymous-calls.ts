import { randomUUID } from "node:crypto";
import type { AnonymousCall, CountedCalls } from "../../core/observability/audit/index.ts";

/** Stands for the client of calls that came from too many clients to count each. */
const OTHER_CLIENTS = "other";

export interface AnonymousCallsOptions {
  /** Stores the rows that aren't stored yet. It may be called again with the same rows. */
  insert: (rows: CountedCalls[]) => Promise<void>;
  /**
   * The most rows for single clients in one stretch of time. Further clients share a row for each operation and outcome,
   * and the code knows only so many of these. Default 256.
   */
  maxRows?: number;
}

export interface AnonymousCalls {
  count: (call: AnonymousCall) => void;
  /**
   * Stores what was counted since the last time. Calls must not overlap.
   * @throws what `insert` throws; the counts are kept for the next time
   */
  flush: () => Promise<void>;
}

/** Counts calls without a credential in memory: one row for each client, operation and outcome between two flushes. */
export function createAnonymousCalls({ insert, maxRows = 256 }: AnonymousCallsOptions): AnonymousCalls {
  let counting = new Map<string, Omit<CountedCalls, "until">>();
  /** Rows that an insert has failed to store, or not certainly stored. They don't change any more. */
  let unstored: CountedCalls[] = [];

  function count(call: AnonymousCall): void {
    const found = counting.get(keyOf(call));
    if (found !== undefined) {
      found.calls += 1;
      return;
    }
    const { client } = call;
    if (client !== OTHER_CLIENTS && counting.size >= maxRows)
      return count({ ...call, client: OTHER_CLIENTS });
    counting.set(keyOf(call), { ...call, id: randomUUID(), calls: 1, since: new Date() });
  }

  async function store(): Promise<void> {
    if (unstored.length === 0) return;
    await insert(unstored);
    unstored = [];
  }

  return {
    count,
    async flush() {
      await store();
      const until = new Date();
      unstored = [...counting.values()].map((row) => ({ ...row, until }));
      counting = new Map();
      await store();
    },
  };
}

const keyOf = ({ client, surface, operation, responseStatus, errorCode = "" }: AnonymousCall): string =>
  [client, surface, operation, responseStatus, errorCode].join(" ");
