import { AppError } from "./errors.ts";

export interface FairQueueLimits {
  /** Jobs that run at once. */
  atOnce: number;
  /** Jobs of one caller that run at once. */
  atOnceOfCaller: number;
  /** Jobs of one caller that wait. One more is refused. */
  waitingOfCaller: number;
  /** Jobs of all callers that wait. One more is refused. */
  waiting: number;
}

/** When a refused caller may ask again. */
const RETRY_SECONDS = 2;

type Start = () => void;

/**
 * Runs a limited number of jobs at once in this process. Callers take turns: a caller with a hundred waiting jobs delays
 * the next caller by one job and not by a hundred.
 */
export class FairQueue {
  readonly #limits: FairQueueLimits;
  readonly #what: string;
  /** The jobs that wait, by caller. The caller whose turn is next stands first. */
  readonly #waiting = new Map<string, Start[]>();
  readonly #urgent: { caller: string; start: Start }[] = [];
  readonly #running = new Map<string, number>();
  #waitingCount = 0;
  #runningCount = 0;

  /** @param what what the jobs are, for messages, such as "searches" */
  constructor(what: string, limits: FairQueueLimits) {
    this.#what = what;
    this.#limits = limits;
  }

  /**
   * Runs the job when it is the caller's turn.
   * @param options.isUrgent the job goes before all that wait, and isn't refused
   * @throws `rate_limited` if too many of the caller's jobs wait; `service_unavailable` if too many jobs wait in all
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
    if (this.#mayStart(caller, isUrgent)) {
      this.#add(caller, 1);
      return Promise.resolve();
    }
    const own = this.#waiting.get(caller) ?? [];
    if (!isUrgent) this.#requireRoom(own.length);
    return new Promise((resolve) => {
      const start = (): void => {
        this.#add(caller, 1);
        resolve();
      };
      if (isUrgent) {
        this.#urgent.push({ caller, start });
        return;
      }
      own.push(start);
      this.#waiting.set(caller, own);
      this.#waitingCount += 1;
    });
  }

  #requireRoom(waitingOfCaller: number): void {
    if (waitingOfCaller >= this.#limits.waitingOfCaller)
      throw new AppError("rate_limited", {
        message: `Too many of your ${this.#what} wait already. Wait until they have ended, then repeat this call.`,
        retryAfterSeconds: RETRY_SECONDS,
      });
    if (this.#waitingCount >= this.#limits.waiting)
      throw new AppError("service_unavailable", {
        message: `Too many ${this.#what} wait. Repeat this call later.`,
        retryAfterSeconds: RETRY_SECONDS,
      });
  }

  /** Urgent jobs have no limit of their caller. */
  #mayStart(caller: string, isUrgent: boolean): boolean {
    if (this.#runningCount >= this.#limits.atOnce) return false;
    return isUrgent || (this.#running.get(caller) ?? 0) < this.#limits.atOnceOfCaller;
  }

  #startNext(): void {
    const urgent = this.#urgent.shift();
    if (urgent !== undefined) return urgent.start();
    for (const [caller, jobs] of this.#waiting) {
      if (!this.#mayStart(caller, false)) continue;
      const start = jobs.shift();
      // At the end again: the other callers come first.
      this.#waiting.delete(caller);
      if (jobs.length > 0) this.#waiting.set(caller, jobs);
      this.#waitingCount -= 1;
      start?.();
      return;
    }
  }

  #add(caller: string, change: 1 | -1): void {
    this.#runningCount += change;
    const running = (this.#running.get(caller) ?? 0) + change;
    if (running > 0) this.#running.set(caller, running);
    else this.#running.delete(caller);
  }
}
