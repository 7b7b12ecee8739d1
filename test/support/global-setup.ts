import type { TestProject } from "vitest/node";
import type { ChainInfo } from "./chain.ts";
import { startTestChain } from "./chain.ts";
import type { PostgresInfo } from "./database.ts";
import { startTestPostgres } from "./database.ts";

declare module "vitest" {
  // What test files `inject`.
  interface ProvidedContext {
    postgres: PostgresInfo;
    chain: ChainInfo;
  }
}

/** Starts what all test files share. A part that can't be started fails the run: nothing is skipped for lack of it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [postgres, chain] = await Promise.all([
    orFail("PostgreSQL", startTestPostgres()),
    orFail("the local chain", startTestChain()),
  ]);
  project.provide("postgres", postgres.info);
  project.provide("chain", chain.info);
  return async () => {
    await Promise.all([postgres.stop(), chain.stop()]);
  };
}

async function orFail<T>(part: string, starting: Promise<T>): Promise<T> {
  try {
    return await starting;
  } catch (cause) {
    throw new Error(`The tests need ${part}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
