import type { Random } from "./random.ts";

/** A simulated server process. A dead process never gets the result of what it waits for. */
export interface Process {
  alive: boolean;
}

interface Waiting {
  process: Process;
  run(): Promise<void>;
}

/**
 * Each operation of a process on the outside (database, chain, upstream) waits here for its turn. The seed decides which
 * operation is next, one at a time. So every order of operations can happen. A process can die at each operation, before
 * or after it was done.
 */
export class Scheduler {
  readonly #random: Random;
  readonly #deathRate: number;
  #waiting: Waiting[] = [];
  deaths = 0;
  steps = 0;
  /** While false, no process dies. */
  deadly = true;

  constructor(random: Random, deathRate: number) {
    this.#random = random;
    this.#deathRate = deathRate;
  }

  get busy(): boolean {
    return this.#waiting.length > 0;
  }

  /** Queues an operation of a process. Resolves with its result when its turn has come. */
  gate<Result>(process: Process, operation: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (!process.alive) return;
      const run = async (): Promise<void> => {
        try {
          const result = await operation();
          if (process.alive) resolve(result);
        } catch (error) {
          if (process.alive) reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.#waiting.push({ process, run });
    });
  }

  /** Runs one of the waiting operations. */
  async step(): Promise<void> {
    const [next] = this.#waiting.splice(this.#random.below(this.#waiting.length), 1);
    if (next === undefined) return;
    this.steps += 1;
    const dies = this.deadly && this.#random.chance(this.#deathRate);
    if (dies && this.#random.chance(0.5))
      this.kill(next.process); // before the operation
    else {
      const done = next.run();
      if (dies) this.kill(next.process); // before its result
      await done;
    }
    await settled();
  }

  kill(process: Process): void {
    if (!process.alive) return;
    process.alive = false;
    this.deaths += 1;
    this.#waiting = this.#waiting.filter((waiting) => waiting.process !== process);
  }
}

/** Lets promises and short timers run, until every process waits for its next operation. */
export async function settled(): Promise<void> {
  for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
}

/** The same object, whose methods (all, or the named ones) are operations that wait for their turn. */
export function gated<Port extends object>(
  scheduler: Scheduler,
  process: Process,
  port: Port,
  names?: readonly (keyof Port)[],
): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      const isGated = names === undefined || names.includes(name as keyof Port);
      if (typeof member === "function" && isGated) {
        return (...args: unknown[]) =>
          scheduler.gate(process, async () => (await Reflect.apply(member, target, args)) as unknown);
      }
      // The database client has an object for each table.
      return typeof member === "object" && member !== null && names === undefined
        ? gated(scheduler, process, member)
        : typeof member === "function"
          ? (member.bind(target) as unknown)
          : member;
    },
  });
}
