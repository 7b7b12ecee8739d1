import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { cutPage, readCursor } from "../../protocol/cursor.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { insertEntry, listEntries } from "./audit-store.ts";
import type { ListOperatorEntriesInput, ListOperatorEntriesOutput } from "./schema.ts";

const DEFAULT_LIMIT = 50;

/** What somebody did who looks after this server. */
export interface OperatorEntry {
  /** Undefined: it was done with the administrator's key. */
  operatorId: string | undefined;
  action: string;
  object: string | undefined;
  reason: string | undefined;
  /** Undefined: it was done. */
  errorCode: ErrorCode | undefined;
}

/** Writes an entry. It is stored when this resolves. */
export async function writeOperatorEntry(
  { sql }: Pick<Deps, "sql">,
  { operatorId, action, object, reason, errorCode }: OperatorEntry,
): Promise<void> {
  await insertEntry.count(sql, {
    operator_id: operatorId ?? null,
    action,
    object: object ?? null,
    reason: reason ?? null,
    error_code: errorCode ?? null,
  });
}

/** Lists what operators and the administrator's key did, newest first. @throws AppError `validation_error` for a cursor that no page gave */
export async function listOperatorEntries(
  { sql }: Pick<Deps, "sql">,
  { cursor, limit = DEFAULT_LIMIT }: z.infer<typeof ListOperatorEntriesInput>,
): Promise<z.infer<typeof ListOperatorEntriesOutput>> {
  const before = readCursor(cursor);
  const rows = await listEntries.all(sql, {
    before_micros: before?.micros ?? null,
    before_id: before?.id ?? null,
    limit: limit + 1,
  });
  const { page, nextCursor } = cutPage(rows, limit);
  return {
    entries: page.map((row) => ({
      entry_id: row.id,
      created_at: row.created_at.toISOString(),
      by:
        row.operator_id === null
          ? { kind: "administrator" as const }
          : { kind: "operator" as const, email: row.email },
      action: row.action,
      object: row.object,
      reason: row.reason,
      outcome: row.error_code ?? ("ok" as const),
    })),
    next_cursor: nextCursor,
  };
}
