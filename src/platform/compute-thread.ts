import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Piscina } from "piscina";
import type { Compute, ComputeOptions, ComputeTask, SentTask } from "../core/ports/compute.ts";
import { TookTooLong, toSend } from "../core/ports/compute.ts";
import type { FairQueue } from "../core/protocol/fair-queue.ts";

export interface ComputeLimits {
  /** When a task is given up. */
  giveUpAfterMs: number;
  /** A task that needs more memory fails, and the server lives on. */
  maxHeapMb: number;
}

/** The limits of the tasks end every task in a second or two, on an idle machine. These are for what they miss. */
const LIMITS: ComputeLimits = { giveUpAfterMs: 30_000, maxHeapMb: 512 };
/** An unused thread ends, and its memory is freed. */
const IDLE_MS = 60_000;

/** Runs tasks in a thread, one after the other. It is started for the first task. */
export class ComputeThread implements Compute {
  readonly #threads: Piscina<SentTask, unknown>;
  readonly #turns: FairQueue;
  readonly #giveUpAfterMs: number;

  /**
   * @param program the module whose `runTask` runs a task: a source, or compiled
   * @param turns decides whose task is next
   */
  constructor(program: URL, turns: FairQueue, { giveUpAfterMs, maxHeapMb }: ComputeLimits = LIMITS) {
    const isSource = program.pathname.endsWith(".ts");
    const tsx = (): string => pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
    this.#turns = turns;
    this.#giveUpAfterMs = giveUpAfterMs;
    this.#threads = new Piscina({
      filename: fileURLToPath(program),
      name: "runTask",
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: IDLE_MS,
      execArgv: isSource ? ["--import", tsx()] : [],
      // Where there are too few cores, the threads that answer requests go first. Without its native module, nothing changes.
      // Sources are run by tests, several files at once: there, a thread that goes last would hardly get a turn.
      niceIncrement: isSource ? 0 : 10,
      // A task needs nothing of it, and it holds keys.
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
      recordTiming: false,
    });
  }

  run(caller: string, task: ComputeTask, options?: ComputeOptions): Promise<unknown> {
    return this.#turns.run(caller, () => this.#compute(task, options?.giveUpAfterMs), options);
  }

  async #compute(task: ComputeTask, giveUpAfterMs = this.#giveUpAfterMs): Promise<unknown> {
    const signal = AbortSignal.timeout(giveUpAfterMs);
    try {
      // An abort ends the thread, and the next task gets a new one.
      return await this.#threads.run(toSend(task), { signal });
    } catch (error) {
      if (signal.aborted) throw new TookTooLong(task.name, { cause: error });
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#threads.destroy();
  }
}
