import { AppError } from "./errors.ts";

export interface FairQueueLimits {
  /** Jobs that run at once. */
  atOnce: number;
  /** Jobs of one caller that run at once. */
  atOnceOfCaller: number;
  /** Jobs of one caller that wait. One more is refused. */
  waitingOfCaller: number;
  /** Jobs of all callers of one kind that wait. One more is refused. */
  waitingOfKind: number;
}

/** When a refused caller may ask again. */
const RETRY_SECONDS = 2;

type Start = () => void;

/** The kind of a caller: what its key begins with, such as `user:`. */
const kindOf = (caller: string): string => /^[^:]*:/.exec(caller)?.[0] ?? "";

/** Jobs that wait. The caller whose turn is next stands first. */
class Waiting {
  readonly #jobs = new Map<string, Start[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  countOf(caller: string): number {
    return this.#jobs.get(caller)?.length ?? 0;
  }

  add(caller: string, start: Start): void {
    this.#count += 1;
    this.#jobs.set(caller, [...(this.#jobs.get(caller) ?? []), start]);
  }

  /** Takes the next job of a caller who may start one. Undefined if there is none. */
  take(mayStart: (caller: string) => boolean): Start | undefined {
    for (const [caller, [start, ...more]] of this.#jobs) {
      if (!mayStart(caller)) continue;
      // At the end again: the other callers come first.
      this.#jobs.delete(caller);
      if (more.length > 0) this.#jobs.set(caller, more);
      this.#count -= 1;
      return start;
    }
    return undefined;
  }
}

/**
 * Runs a limited number of jobs at once in this process. Callers take turns: a caller with a hundred waiting jobs delays
 * the next caller by one job and not by a hundred. So do kinds of callers: however many addresses callers without a
 * credential have, they delay a user by one job. Each second job may be an urgent one.
 */
export class FairQueue {
  readonly #limits: FairQueueLimits;
  readonly #what: string;
  /** The jobs that wait, by kind. The kind whose turn is next stands first. */
  readonly #kinds = new Map<string, Waiting>();
  readonly #urgent = new Waiting();
  #lastWasUrgent = false;
  readonly #running = new Map<string, number>();
  #runningCount = 0;

  /** @param what what the jobs are, for messages, such as "searches" */
  constructor(what: string, limits: FairQueueLimits) {
    this.#what = what;
    this.#limits = limits;
  }

  /**
   * Runs the job when it is the caller's turn.
   * @param caller a key; what it begins with until a colon is the caller's kind
   * @param options.isUrgent the job goes before those that aren't, though not twice in a row, and isn't refused
   * @throws `rate_limited` if too many of the caller's jobs wait; `service_unavailable` if too many jobs of its kind wait
   */
  async run<Result>(
    caller: string,
    job: () => Promise<Result>,
    { isUrgent = false }: { isUrgent?: boolean } = {},
  ): Promise<Result> {
    await this.#turn(caller, isUrgent);
    try {
      return await job();
    } finally {
      this.#add(caller, -1);
      this.#startNext();
    }
  }

  /** Waits until a job of the caller may run, and counts it as running. */
  #turn(caller: string, isUrgent: boolean): Promise<void> {
    const begin = (): void => {
      this.#add(caller, 1);
      this.#lastWasUrgent = isUrgent;
    };
    if (this.#runningCount < this.#limits.atOnce && (isUrgent || this.#mayStart(caller))) {
      begin();
      return Promise.resolve();
    }
    const waiting = isUrgent ? this.#urgent : this.#roomFor(caller);
    return new Promise((resolve) => {
      waiting.add(caller, () => {
        begin();
        resolve();
      });
    });
  }

  /** Where a caller's job waits. @throws `rate_limited`, `service_unavailable` if there is no room */
  #roomFor(caller: string): Waiting {
    const kind = kindOf(caller);
    const waiting = this.#kinds.get(kind) ?? new Waiting();
    if (waiting.countOf(caller) >= this.#limits.waitingOfCaller)
      throw new AppError("rate_limited", {
        message: `Too many of your ${this.#what} wait already. Wait until they have ended, then repeat this call.`,
        retryAfterSeconds: RETRY_SECONDS,
      });
    if (waiting.count >= this.#limits.waitingOfKind)
      throw new AppError("service_unavailable", {
        message: `Too many ${this.#what} wait. Repeat this call later.`,
        retryAfterSeconds: RETRY_SECONDS,
      });
    this.#kinds.set(kind, waiting);
    return waiting;
  }

  /** Urgent jobs have no limit of their caller. */
  #mayStart(caller: string): boolean {
    return (this.#running.get(caller) ?? 0) < this.#limits.atOnceOfCaller;
  }

  #startNext(): void {
    const takeUrgent = (): Start | undefined => this.#urgent.take(() => true);
    const start = (this.#lastWasUrgent ? undefined : takeUrgent()) ?? this.#takeOrdinary() ?? takeUrgent();
    start?.();
  }

  #takeOrdinary(): Start | undefined {
    for (const [kind, waiting] of this.#kinds) {
      const start = waiting.take((caller) => this.#mayStart(caller));
      if (start === undefined) continue;
      this.#kinds.delete(kind);
      if (waiting.count > 0) this.#kinds.set(kind, waiting);
      return start;
    }
    return undefined;
  }

  #add(caller: string, change: 1 | -1): void {
    this.#runningCount += change;
    const running = (this.#running.get(caller) ?? 0) + change;
    if (running > 0) this.#running.set(caller, running);
    else this.#running.delete(caller);
  }
}
