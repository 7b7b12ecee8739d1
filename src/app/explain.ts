import { explainDatabaseFailure, sqlStateOf } from "../platform/postgres/explain-failure.ts";
import { SetupProblem } from "../platform/setup-problem.ts";
import type { Config } from "./config.ts";

/**
 * Does work that uses the configured database.
 * @throws SetupProblem that names the variable, if the database can't be used as configured
 */
export async function explained<Result>(
  { databaseUrl }: Pick<Config, "databaseUrl">,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw databaseUrl === undefined ? error : explainDatabaseFailure(error, databaseUrl);
  }
}

/**
 * Starts a server.
 * @throws SetupProblem that names the variable, if the port is taken or the database refuses what a server does
 */
export async function explainedStart<Result>(config: Config, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    // A connection that failed here may be another one than the database's.
    if (sqlStateOf(error) !== undefined) return await explained(config, () => Promise.reject(error as Error));
    throw explainListening(error, config);
  }
}

const LISTENING: Record<string, string> = {
  EADDRINUSE: "is in use by another program",
  EADDRNOTAVAIL: "is no address of this machine",
  EACCES: "may not be opened by this user",
  ENOTFOUND: "can't be resolved",
};

function explainListening(error: unknown, { host, port }: Config): unknown {
  const { code = "", syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  const why = LISTENING[code];
  if (why === undefined || (syscall !== "listen" && syscall !== "getaddrinfo")) return error;
  return new SetupProblem(
    "HOST and PORT",
    `${host}:${port} ${why}`,
    "Change one of them (PORT=0 picks a free port)",
  );
}
