import type { Deps } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import type { Digests } from "./store.ts";
import { readDigests } from "./store.ts";

/** What the console lists. */
export const CHANGE_KINDS = ["agents", "questions", "payments", "calls"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** Some lists of a person have changed. `id` is what they are now: who knows it is told what has changed since. */
export interface Change {
  id: string;
  kinds: ChangeKind[];
}

interface FeedLimits {
  /** How often the database is asked. */
  everyMs: number;
  /** Streams of one person, in one process: a browser has one for each of its windows that is looked at. */
  mostOfPerson: number;
  /** Streams of one client address, in one process: else one house takes all streams, with as many accounts as that needs. */
  mostOfAddress: number;
  /** Streams in one process. */
  most: number;
}

const LIMITS: FeedLimits = { everyMs: 1_000, mostOfPerson: 8, mostOfAddress: 200, most: 2_000 };

interface Watched {
  digests: Digests | undefined;
  /** Wakes each stream of the person. */
  listeners: Set<() => void>;
}

/**
 * Tells people's pages that something of theirs has changed, whichever replica changed it: while somebody looks, one statement a
 * second asks for all of them. It keeps nothing that another process would need.
 */
export class ChangeFeed {
  readonly #deps: Pick<Deps, "sql" | "log">;
  readonly #limits: FeedLimits;
  readonly #people = new Map<string, Watched>();
  /** How many streams each client address has. */
  readonly #addresses = new Map<string, number>();
  #streams = 0;
  #isClosed = false;
  #asking: Promise<void> | undefined;
  #endPause = (): void => undefined;

  constructor(deps: Pick<Deps, "sql" | "log">, limits: Partial<FeedLimits> = {}) {
    this.#deps = deps;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** How many pages are open. */
  get streams(): number {
    return this.#streams;
  }

  /**
   * Follows a person's lists until `signal` is aborted.
   * @param from.address the address of the person's browser
   * @param last the id of the last change that the page has seen. Undefined: its lists are new
   * @throws AppError `rate_limited` if too many pages are open, `service_unavailable` when the server stops
   */
  async *follow(
    { userId, address }: { userId: string; address: string },
    last: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Change> {
    this.#requireOpen();
    const ofAddress = this.#addresses.get(address) ?? 0;
    const person: Watched = this.#people.get(userId) ?? { digests: undefined, listeners: new Set() };
    if (
      person.listeners.size >= this.#limits.mostOfPerson ||
      ofAddress >= this.#limits.mostOfAddress ||
      this.#streams >= this.#limits.most
    )
      throw new AppError("rate_limited", { message: "Too many pages are open.", retryAfterSeconds: 60 });
    let wake = (): void => undefined;
    const listener = (): void => wake();
    person.listeners.add(listener);
    this.#people.set(userId, person);
    this.#addresses.set(address, ofAddress + 1);
    this.#streams += 1;
    signal.addEventListener("abort", listener);
    this.#asking ??= this.#ask();
    let seen = last;
    try {
      while (!signal.aborted) {
        this.#requireOpen();
        const woken = new Promise<void>((resolve) => (wake = resolve));
        const id = person.digests && idOf(person.digests);
        if (id !== undefined && id !== seen) {
          const kinds = seen === undefined ? [] : changedKinds(seen, id);
          seen = id;
          yield { id, kinds };
          continue;
        }
        await woken;
      }
    } finally {
      signal.removeEventListener("abort", listener);
      person.listeners.delete(listener);
      if (person.listeners.size === 0) this.#people.delete(userId);
      this.#streams -= 1;
      const others = (this.#addresses.get(address) ?? 0) - 1;
      if (others > 0) this.#addresses.set(address, others);
      else this.#addresses.delete(address);
    }
  }

  /** Ends all streams, so that the server can stop. Pages open new ones elsewhere. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { listeners } of this.#people.values()) for (const listener of listeners) listener();
    this.#endPause();
    await this.#asking;
  }

  #requireOpen(): void {
    if (!this.#isClosed) return;
    throw new AppError("service_unavailable", { message: "The server is stopping.", retryAfterSeconds: 1 });
  }

  /** Asks as long as somebody looks. */
  async #ask(): Promise<void> {
    while (this.#people.size > 0 && !this.#isClosed) {
      await this.#read();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#limits.everyMs);
        this.#endPause = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#asking = undefined;
  }

  async #read(): Promise<void> {
    try {
      for (const digests of await readDigests.all(this.#deps.sql, { user_ids: [...this.#people.keys()] })) {
        const person = this.#people.get(digests.user_id);
        if (person === undefined) continue;
        person.digests = digests;
        for (const listener of person.listeners) listener();
      }
    } catch (error) {
      // Pages miss nothing: what has changed meanwhile shows in the next digests.
      this.#deps.log.warn({ event: "changes_unread", err: error }, "pages weren't told what has changed");
    }
  }
}

/** Of each digest, enough that a change shows. */
const idOf = (digests: Digests): string =>
  CHANGE_KINDS.map((kind) => (digests[kind] ?? "").slice(0, 12).padEnd(12, "0")).join(".");

function changedKinds(before: string, after: string): ChangeKind[] {
  const [seen, present] = [before.split("."), after.split(".")];
  return CHANGE_KINDS.filter((_kind, index) => seen[index] !== present[index]);
}
