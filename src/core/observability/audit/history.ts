import type { z } from "zod";
import type { Deps, SessionActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { PAGE_SIZE } from "../../protocol/fields.ts";
import type { AuditHistoryInput, AuditHistoryOutput } from "./schema.ts";
import { countAuditEntries, listAuditEntries } from "./store.ts";

/**
 * Lists every call that was made under the caller's grant, newest first (R8.2).
 * @throws `rate_limited`, `service_unavailable` if too many histories wait already
 */
export async function auditHistory(
  { db, histories, actor }: Pick<Deps, "db" | "histories"> & { actor: SessionActor },
  { offset = 0, limit = PAGE_SIZE }: z.infer<typeof AuditHistoryInput>,
): Promise<z.infer<typeof AuditHistoryOutput>> {
  // One after the other, on one connection.
  const [rows, total] = await histories.run(callerKey({ actor }), async () => [
    await listAuditEntries(db, actor.grantId, offset, limit),
    await countAuditEntries(db, actor.grantId),
  ]);
  return {
    entries: rows.map((row) => ({
      id: row.id,
      session_id: row.agentSessionId,
      operation: row.operation,
      endpoint: row.endpoint,
      request_summary: row.requestSummary as Record<string, unknown>,
      response_status: row.responseStatus,
      ...(row.errorCode !== null && { error_code: row.errorCode }),
      created_at: row.createdAt.toISOString(),
    })),
    total_count: total,
    offset,
    limit,
  };
}
