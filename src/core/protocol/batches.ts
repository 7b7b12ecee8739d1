import type { SqlPool } from "../ports/sql.ts";

/** Work that is done for many callers at once, as a value. */
export interface Batch<Item, Result> {
  /** The most items that are worked on together. */
  most: number;
  /**
   * Does the work for all items, in their order, or for none if it throws. Returns one result for each item. An `Error`
   * among them is thrown to that item's caller, and to no other.
   */
  work(sql: SqlPool, items: readonly Item[]): Promise<(Result | Error)[]>;
}

/**
 * Group commit: callers that come while a batch is under way are worked on together in the next one. There is one queue a
 * kind of work, and one batch of it at a time. Nobody waits for company: a lone call is a batch of one.
 */
export class Batches {
  readonly #sql: SqlPool;
  readonly #queues = new Map<unknown, unknown>();

  constructor(sql: SqlPool) {
    this.#sql = sql;
  }

  /**
   * Has `item` worked on. If PostgreSQL refuses a batch, nothing of it was done, and each item is worked on alone: one
   * caller's failure doesn't fail the others.
   * @param batch a constant: it names the queue
   */
  run<Item, Result>(batch: Batch<Item, Result>, item: Item): Promise<Result> {
    const queue = (this.#queues.get(batch) ?? new Queue(this.#sql, batch)) as Queue<Item, Result>;
    this.#queues.set(batch, queue);
    return queue.add(item);
  }
}

interface Entry<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

class Queue<Item, Result> {
  readonly #sql: SqlPool;
  readonly #batch: Batch<Item, Result>;
  readonly #waiting: Entry<Item, Result>[] = [];
  #underWay: Promise<void> | undefined;

  constructor(sql: SqlPool, batch: Batch<Item, Result>) {
    this.#sql = sql;
    this.#batch = batch;
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#underWay === undefined) this.#underWay = this.#workThrough();
    });
  }

  async #workThrough(): Promise<void> {
    while (this.#waiting.length > 0) {
      // One turn of the event loop, and no timer: callers that were answered together ask again in the same turn. Without
      // it, the first of them would be a batch of one, and the others would wait for it.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#work(this.#waiting.splice(0, this.#batch.most));
    }
    this.#underWay = undefined;
  }

  async #work(entries: readonly Entry<Item, Result>[]): Promise<void> {
    let results: (Result | Error)[];
    try {
      results = await this.#batch.work(
        this.#sql,
        entries.map(({ item }) => item),
      );
    } catch (error) {
      if (entries.length > 1 && hasRolledBack(error)) for (const entry of entries) await this.#work([entry]);
      else for (const { reject } of entries) reject(error);
      return;
    }
    for (const [index, { resolve, reject }] of entries.entries()) {
      const result = results[index];
      if (result === undefined || result instanceof Error)
        reject(result ?? new Error("a batch left an item out"));
      else resolve(result);
    }
  }
}

/**
 * Whether PostgreSQL itself refused a statement, so that nothing of its transaction stays. If the connection was lost, or
 * the time was up (classes 08 and 57), a batch may be committed, or each of its items would wait as long again.
 */
const hasRolledBack = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  /^[0-9A-Z]{5}$/.test(String(error.code)) &&
  !/^(08|57)/.test(String(error.code));
