import type { z } from "zod";
import type { Deps, SessionActor } from "../../context.ts";
import { PAGE_SIZE } from "../../protocol/fields.ts";
import type { AuditHistoryInput, AuditHistoryOutput } from "./schema.ts";
import { countAuditEntries, listAuditEntries } from "./store.ts";

/** Lists every call that was made under the caller's grant, newest first (R8.2). */
export async function auditHistory(
  { db, actor }: Pick<Deps, "db"> & { actor: SessionActor },
  { offset = 0, limit = PAGE_SIZE }: z.infer<typeof AuditHistoryInput>,
): Promise<z.infer<typeof AuditHistoryOutput>> {
  const [rows, total] = await Promise.all([
    listAuditEntries(db, actor.grantId, offset, limit),
    countAuditEntries(db, actor.grantId),
  ]);
  return {
    entries: rows.map(({ agent_session_id, error_code, created_at, ...row }) => ({
      ...row,
      session_id: agent_session_id,
      ...(error_code !== null && { error_code }),
      created_at: created_at.toISOString(),
    })),
    total_count: total,
    offset,
    limit,
  };
}
