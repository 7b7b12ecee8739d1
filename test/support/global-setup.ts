import type { TestProject } from "vitest/node";
import { CHROMIUM } from "./browser.ts";
import type { ChainInfo } from "./chain.ts";
import { startTestChain } from "./chain.ts";
import type { PostgresInfo } from "./database.ts";
import { startTestPostgres } from "./database.ts";
import { PGBOUNCER } from "./pgbouncer.ts";
import { buildServers } from "./process.ts";
import { findProgram } from "./programs.ts";
import { REDIS } from "./redis.ts";
import { PG_DUMP } from "./system-postgres.ts";
import { CURL, JQ } from "./shell.ts";

declare module "vitest" {
  // What test files `inject`.
  interface ProvidedContext {
    postgres: PostgresInfo;
    chain: ChainInfo;
    /** The path of Redis's program. Each test of Redis starts its own. */
    redisProgram: string;
    /** The path of PgBouncer, likewise. */
    pgbouncerProgram: string;
    /** The path of Chromium, likewise. */
    chromiumProgram: string;
  }
}

/** Starts the services that all test files share. If one can't be started, the run fails: no test is skipped for it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // First and alone: installing them blocks the event loop.
  const [redis, pgbouncer, browser] = await Promise.allSettled(
    [REDIS, PGBOUNCER, CHROMIUM, CURL, JQ, PG_DUMP].map((program) =>
      Promise.resolve().then(() => findProgram(program)),
    ),
  );
  const [postgres, chain, build] = await Promise.allSettled([
    startTestPostgres(),
    startTestChain(),
    buildServers(),
  ]);
  const stop = async (): Promise<void> => {
    const running = [postgres, chain].flatMap((part) => (part.status === "fulfilled" ? [part.value] : []));
    await Promise.all(running.map((part) => part.stop()));
  };
  if (
    postgres.status === "rejected" ||
    chain.status === "rejected" ||
    build.status === "rejected" ||
    redis?.status !== "fulfilled" ||
    pgbouncer?.status !== "fulfilled" ||
    browser?.status !== "fulfilled"
  ) {
    await stop();
    throw missing({
      PostgreSQL: postgres,
      "the local chain": chain,
      "the compiled servers": build,
      Redis: redis,
      PgBouncer: pgbouncer,
      Chromium: browser,
    });
  }
  project.provide("postgres", postgres.value.info);
  project.provide("chain", chain.value.info);
  project.provide("redisProgram", redis.value);
  project.provide("pgbouncerProgram", pgbouncer.value);
  project.provide("chromiumProgram", browser.value);
  return stop;
}

/** An error with one line for each missing service, and without a stack, which would tell nothing. */
function missing(parts: Record<string, PromiseSettledResult<unknown> | undefined>): Error {
  const lines = Object.entries(parts).flatMap(([name, part]) =>
    part?.status === "rejected"
      ? [
          `The tests need ${name}: ${part.reason instanceof Error ? part.reason.message : String(part.reason)}`,
        ]
      : [],
  );
  const error = new Error(lines.join("\n"));
  error.stack = error.message;
  return error;
}
