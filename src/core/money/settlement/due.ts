import type { Deps } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
import { bigint, uuid } from "../../ports/sql-types.ts";
import type { Statement } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";

export type TakeDue = Statement<{ limit: typeof bigint }, { id: typeof uuid }>;

/** The statement that takes up to `limit` due rows of a table. Other replicas skip them while they are leased. */
export const takeDueFrom = ({
  noun,
  table,
  isOpen,
  lease,
}: {
  noun: string;
  table: string;
  /** SQL condition: the row is undecided. The same as that of the table's index on `next_check_at`. */
  isOpen: string;
  /** SQL: how long other replicas skip a row that was taken. */
  lease: string;
}): TakeDue =>
  statement({
    name: `${noun}.take-due`,
    limit: "job",
    params: { limit: bigint },
    row: { id: uuid },
    text: `
      UPDATE ${table} SET next_check_at = now() + ${lease}
       WHERE id IN (SELECT id FROM ${table} WHERE ${isOpen} AND next_check_at <= now()
                     ORDER BY next_check_at LIMIT $limit FOR UPDATE SKIP LOCKED)
      RETURNING id`,
  });

/** What works through the due rows of one table. */
export interface Queue<Row extends { id: string }, Result> {
  noun: "payment" | "incoming" | "payout";
  take: TakeDue;
  find: (db: Queries, ids: string[]) => Promise<Row[]>;
  /** Moves one row on. If it throws, the failure is logged, and the row is tried again when it is due again. */
  work: (row: Row) => Promise<Result>;
}

/** Takes up to `limit` due rows, and works on them in parallel. Returns the results of those that didn't fail. */
export async function workOnDue<Row extends { id: string }, Result>(
  { db, sql, log }: Pick<Deps, "db" | "sql" | "log">,
  { noun, take, find, work }: Queue<Row, Result>,
  limit: number,
): Promise<Result[]> {
  const taken = await take.all(sql, { limit: BigInt(limit) });
  if (taken.length === 0) return [];
  const rows = await find(
    db,
    taken.map(({ id }) => id),
  );
  const results = await Promise.all(rows.map((row) => orLog({ log }, noun, row.id, () => work(row))));
  return results.flatMap((result) => (result === undefined ? [] : [result.value]));
}

/** Does one row's work. A failure is logged: the row is tried again when it is due again. */
export async function orLog<Result>(
  { log }: Pick<Deps, "log">,
  noun: string,
  id: string,
  work: () => Promise<Result>,
): Promise<{ value: Result } | undefined> {
  try {
    return { value: await work() };
  } catch (error) {
    log.warn(
      { event: `${noun}_undecided`, id, err: error },
      "the row couldn't be moved on; it will be tried again",
    );
    return undefined;
  }
}
