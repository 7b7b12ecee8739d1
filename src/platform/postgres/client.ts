import { createHash } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import type { Log } from "../../core/ports/log.ts";
import { PrismaClient } from "../generated/prisma/client.ts";

/** Distinct statements that get a name; the server keeps each of them per connection. */
const MAX_NAMED_STATEMENTS = 500;

/** How long a query or a transaction waits for a connection. */
const MAX_WAIT_MS = 5_000;

export interface DatabaseClientOptions {
  /** `postgresql://…` */
  url: string;
  /** Connections at most; further queries wait for one. */
  poolSize?: number;
  log?: Log;
}

/**
 * The database client. Connects with the first query, and again after PostgreSQL was away: queries fail
 * meanwhile, the process doesn't.
 */
export function createDatabaseClient({ url, poolSize = 10, log }: DatabaseClientOptions): PrismaClient {
  // Without a handler, a connection that dies between two queries would end the process.
  const onLost = (error: Error): void => log?.warn({ error }, "lost a database connection");
  return new PrismaClient({
    adapter: new PrismaPg(
      {
        connectionString: withSettings(url),
        max: poolSize,
        application_name: "tollfree",
        keepAlive: true,
        // Rather an error than a request that hangs when nothing listens or the pool is exhausted.
        connectionTimeoutMillis: MAX_WAIT_MS,
      },
      { onPoolError: onLost, onConnectionError: onLost, statementNameGenerator: createStatementNames() },
    ),
    transactionOptions: { maxWait: MAX_WAIT_MS },
    errorFormat: "minimal",
  });
}

/**
 * The adapter reads and writes times without their offset, so in a session that isn't in UTC every timestamptz
 * would be off by that much. Whatever the server's default is, our sessions are in UTC. And a transaction whose process
 * is frozen or cut off lets go of its locks within seconds, before others have to wait for it in vain.
 */
const SESSION = "-c TimeZone=UTC -c idle_in_transaction_session_timeout=3000";
function withSettings(url: string): string {
  const result = new URL(url);
  const options = result.searchParams.get("options") ?? "";
  result.searchParams.set("options", `${options} ${SESSION}`.trimStart());
  return result.href;
}

/**
 * Names statements, so that PostgreSQL parses and plans each once per connection. Statements beyond the first
 * `MAX_NAMED_STATEMENTS`, which can only come from lists of ever new lengths, stay unnamed.
 */
function createStatementNames(): (query: { sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    let name = names.get(sql);
    if (name === undefined) {
      if (names.size >= MAX_NAMED_STATEMENTS) return ""; // what `pg` takes as no name
      name = createHash("sha256").update(sql).digest("base64url");
      names.set(sql, name);
    }
    return name;
  };
}
