import { createHash } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "../generated/prisma/client.ts";
import type { PoolOptions } from "./pool.ts";
import { createPool, MAX_WAIT_MS } from "./pool.ts";

/** How many distinct statements get a name. PostgreSQL keeps each named statement per connection. */
const MAX_NAMED_STATEMENTS = 500;

/**
 * Creates Prisma's client. It connects with the first query, and reconnects after PostgreSQL was down. While PostgreSQL is
 * down, queries fail, but the process goes on.
 * @param pool shared with others, who end it; or what to make one of its own from
 * @param prepare false for a pooler that doesn't know prepared statements
 */
export function createDatabaseClient(
  pool: pg.Pool | PoolOptions,
  { prepare = true }: { prepare?: boolean } = {},
): PrismaClient {
  const shared = pool instanceof pg.Pool;
  return new PrismaClient({
    adapter: new PrismaPg(shared ? pool : createPool(pool), {
      disposeExternalPool: !shared,
      // For `pg`, an empty name means an unnamed statement.
      statementNameGenerator: prepare ? createStatementNamer() : () => "",
    }),
    transactionOptions: { maxWait: MAX_WAIT_MS },
    errorFormat: "minimal",
  });
}

/**
 * Creates the function that names statements. PostgreSQL parses and plans a named statement once per
 * connection. Only the first `MAX_NAMED_STATEMENTS` get a name. More can only come from statements with lists
 * of varying lengths.
 */
function createStatementNamer(): (query: { sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    let name = names.get(sql);
    if (name === undefined) {
      if (names.size >= MAX_NAMED_STATEMENTS) return ""; // for `pg`, an empty name means an unnamed statement
      name = createHash("sha256").update(sql).digest("base64url");
      names.set(sql, name);
    }
    return name;
  };
}
