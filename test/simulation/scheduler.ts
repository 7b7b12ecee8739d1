import type { Random } from "./random.ts";

/** A server process as the simulator knows it. One that died never hears of what it was waiting for. */
export interface Process {
  alive: boolean;
}

interface Waiting {
  process: Process;
  run(): Promise<void>;
}

/**
 * Everything a process asks of the outside waits here until its turn comes: the seed decides which of the waiting goes
 * next, one at a time. So any order that a network and a scheduler could bring about can come about, and a process can
 * die at each of its await points, before what it asked for was done or after.
 */
export class Scheduler {
  readonly #random: Random;
  readonly #deathRate: number;
  #waiting: Waiting[] = [];
  deaths = 0;
  steps = 0;
  /** While false, nobody dies. */
  deadly = true;

  constructor(random: Random, deathRate: number) {
    this.#random = random;
    this.#deathRate = deathRate;
  }

  get busy(): boolean {
    return this.#waiting.length > 0;
  }

  /** An await point. */
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

  /** Lets one of the waiting go on. */
  async step(): Promise<void> {
    const [next] = this.#waiting.splice(this.#random.below(this.#waiting.length), 1);
    if (next === undefined) return;
    this.steps += 1;
    const dies = this.deadly && this.#random.chance(this.#deathRate);
    if (dies && this.#random.chance(0.5))
      this.kill(next.process); // asked, and never done
    else {
      const done = next.run();
      if (dies) this.kill(next.process); // done, and never heard of
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

/** Lets promises and short timers have their turn, so that all that can go on stands at its next await point. */
export async function settled(): Promise<void> {
  for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
}

/** The same object, whose methods (all, or those named) are await points of a process. */
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
      // A database's tables.
      return typeof member === "object" && member !== null && names === undefined
        ? gated(scheduler, process, member)
        : typeof member === "function"
          ? (member.bind(target) as unknown)
          : member;
    },
  });
}
