/** How long a statement may take, by what it is for. PostgreSQL cancels it then (57014). */
export type StatementLimit = "money" | "read" | "search" | "job";

/** One statement with its values, ready to be sent. */
export interface SqlQuery {
  /** PostgreSQL plans a named statement once per connection. Unique over all statements. */
  name: string;
  /** Whether it is planned with its values, each time: where the best plan depends on them. */
  planEachTime?: boolean;
  text: string;
  values: unknown[];
  /** The columns of its rows, in their order, with PostgreSQL's names of their types. */
  columns: readonly { name: string; type: string }[];
  limit: StatementLimit;
  /** Default true: once it has committed, even a crash of PostgreSQL doesn't lose it. */
  flushes?: boolean;
}

export interface SqlResult {
  rows: Record<string, unknown>[];
  /** How many rows the statement returned or wrote. */
  count: number;
}

/** Runs statements: on any connection, or in an open transaction. */
export interface Sql {
  run(query: SqlQuery): Promise<SqlResult>;
}

/** Runs statements in an open transaction. */
export interface SqlTransaction extends Sql {
  /** Runs the transaction's last statement, which commits it too: one round trip in place of two. */
  readonly last: Sql;
}

export interface TransactionOptions {
  /**
   * PostgreSQL finds rows by indexes, however small it thinks the tables are. Else a statement that was planned while a
   * table was empty reads all of it until the table's statistics are taken again.
   */
  byIndex?: boolean;
  /**
   * Default true. False: the commit doesn't wait until it is on the disk, so a crash of PostgreSQL may lose it. PostgreSQL writes in
   * order: once a later commit that flushes has returned, this one is on the disk too.
   */
  flushes?: boolean;
}

/** Runs statements, and opens transactions. */
export interface SqlPool extends Sql {
  /**
   * Runs `work` in a transaction: commits what it wrote, or rolls it back if `work` throws. Only statements run in it: no
   * Prisma query, no network call, and no statement on another connection.
   */
  transaction<Result>(
    work: (sql: SqlTransaction) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>;
  /** Runs reads in a transaction, so that all see the database as it was at the first one. */
  snapshot<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>;
}
