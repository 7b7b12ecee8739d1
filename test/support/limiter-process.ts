import { createPool } from "../../src/platform/postgres/pool.ts";
import { createSqlPool } from "../../src/platform/postgres/sql-pool.ts";
import { createLimiter } from "../../src/platform/rate-limit/create-limiter.ts";
import type { LimiterJob, LimiterReport } from "./limiter-processes.ts";

/** Runs one replica's limiter in its own process. Each message is a job; the answer is its report. */
async function main(): Promise<void> {
  const [redisUrl = "", databaseUrl = ""] = process.argv.slice(2);
  const sql = createSqlPool(createPool({ url: databaseUrl, size: 3 }));
  const events: string[] = [];
  const note = (fields: Record<string, unknown>): void => void events.push(String(fields["event"]));
  const log = { info: note, warn: note, error: note };
  const { limiter } = await createLimiter({ kind: "redis", url: redisUrl }, { sql, log });

  process.on("message", ({ rule, key, workers, forMs, takes }: LimiterJob) => {
    const report: LimiterReport = { allowed: 0, refused: 0, failed: [], slowestMs: 0, events };
    const until = performance.now() + forMs;
    let left = takes;
    const work = async (): Promise<void> => {
      while (left > 0 && performance.now() < until) {
        left -= 1;
        const started = performance.now();
        try {
          if ((await limiter.take(rule, key)).allowed) report.allowed += 1;
          else report.refused += 1;
        } catch (error) {
          report.failed.push(String(error));
        }
        report.slowestMs = Math.max(report.slowestMs, performance.now() - started);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    Promise.all(Array.from({ length: workers }, work)).then(
      () => process.send?.(report),
      (error: unknown) => process.send?.({ ...report, failed: [String(error)] }),
    );
  });
  process.send?.("ready");
}

await main();
