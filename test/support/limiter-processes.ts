import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { RateRule } from "../../src/core/ports/rate-limiter.ts";

/** A job for each process: `workers` take at the same time, until `takes` are made or `forMs` are over. */
export interface LimiterJob {
  rule: RateRule;
  key: string;
  workers: number;
  takes: number;
  forMs: number;
}

export interface LimiterReport {
  allowed: number;
  refused: number;
  failed: string[];
  slowestMs: number;
  /** The events that it logged since it started. */
  events: string[];
}

export interface LimiterProcesses {
  /** Gives all processes the same job. */
  run(job: LimiterJob): Promise<LimiterReport[]>;
  close(): Promise<void>;
}

/** Starts replicas of the limiter, each in its own process, that share a Redis and a database. */
export async function startLimiterProcesses(
  count: number,
  redisUrl: string,
  databaseUrl: string,
): Promise<LimiterProcesses> {
  const program = path.join(import.meta.dirname, "limiter-process.ts");
  const children = Array.from({ length: count }, () =>
    fork(program, [redisUrl, databaseUrl], { execArgv: ["--import", "tsx"] }),
  );
  await Promise.all(children.map((child) => answer<string>(child)));
  return {
    run: (job) =>
      Promise.all(
        children.map((child) => {
          const report = answer<LimiterReport>(child);
          child.send(job);
          return report;
        }),
      ),
    async close() {
      await Promise.all(
        children.map(async (child) => {
          const exited = once(child, "exit");
          child.kill("SIGKILL");
          await exited;
        }),
      );
    },
  };
}

async function answer<Message>(child: ChildProcess): Promise<Message> {
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`a limiter process ended with ${String(code)}`);
  });
  exited.catch(() => undefined); // after its answer, the process may end
  const [message] = (await Promise.race([once(child, "message"), exited])) as [Message];
  return message;
}
