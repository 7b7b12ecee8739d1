import type { Log } from "../../core/ports/log.ts";

/** Work that runs by itself while a server runs. */
export interface Job {
  /** Milliseconds between the end of one round and the start of the next. The first round starts at once. */
  everyMs: number;
  /** Does one round. */
  run(): Promise<unknown>;
  /** What is logged when a round fails. The next round starts all the same. */
  failure: { event: string; message: string; level?: "warn" | "error" };
  /** Waits for work that the rounds have started and left to itself. */
  finish?(): Promise<unknown>;
}

export interface RunningJob {
  /** Starts no further round. Resolves when the present one and all it started have ended. */
  stop(): Promise<void>;
}

export function startJob(job: Job, log: Log): RunningJob {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const runRound = async (): Promise<void> => {
    try {
      await job.run();
    } catch (error) {
      const { event, message, level = "error" } = job.failure;
      log[level]({ event, err: error }, message);
    }
    if (!stopped) timer = setTimeout(startNext, job.everyMs);
  };
  let current = runRound();
  function startNext(): void {
    current = runRound();
  }
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await current;
      await job.finish?.();
    },
  };
}
