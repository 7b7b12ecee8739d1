import type { z } from "zod";
import type { Deps, SessionActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { PAGE_SIZE } from "../../protocol/fields.ts";
import { cutPage, readCursor } from "../../protocol/cursor.ts";
import { invalidField } from "../../protocol/errors.ts";
import type { AuditHistoryInput, AuditHistoryOutput } from "./schema.ts";
import { countOfGrant, listOfGrant } from "./store.ts";

/** Calls are counted up to so many. */
const MOST_COUNTED = 10_000;

/**
 * Lists every call that was made under the caller's grant, newest first (R8.2).
 * @throws AppError `validation_error` for a cursor that no page gave, or with an offset;
 *   `rate_limited`, `service_unavailable` if too many histories wait already
 */
export async function auditHistory(
  { sql, histories, actor }: Pick<Deps, "sql" | "histories"> & { actor: SessionActor },
  { cursor, offset = 0, limit = PAGE_SIZE }: z.infer<typeof AuditHistoryInput>,
): Promise<z.infer<typeof AuditHistoryOutput>> {
  const before = readCursor(cursor);
  if (before !== undefined && offset > 0)
    throw invalidField("/offset", "give either offset or cursor", "oneOf");
  const grant_id = actor.grantId;
  const asked = { grant_id, before_micros: before?.micros ?? null, before_id: before?.id ?? null, offset };
  // One after the other, on one connection.
  const [rows, { calls }] = await histories.run(callerKey({ actor }), async () => [
    await listOfGrant.all(sql, { ...asked, limit: limit + 1 }),
    await countOfGrant.one(sql, { grant_id, most: MOST_COUNTED + 1 }),
  ]);
  const { page, nextCursor } = cutPage(rows, limit);
  return {
    entries: page.map((row) => ({
      id: row.id,
      session_id: row.agent_session_id,
      operation: row.operation,
      endpoint: row.endpoint,
      request_summary: row.request_summary,
      response_status: row.response_status,
      ...(row.error_code !== null && { error_code: row.error_code }),
      created_at: row.created_at.toISOString(),
    })),
    total_count: Math.min(calls, MOST_COUNTED),
    ...(calls > MOST_COUNTED && { total_is_lower_bound: true as const }),
    ...(nextCursor !== null && { next_cursor: nextCursor }),
    offset,
    limit,
  };
}
