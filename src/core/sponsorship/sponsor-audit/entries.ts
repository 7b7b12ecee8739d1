import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { cutPage, readCursor } from "../../protocol/cursor.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { ListEntriesInput, ListEntriesOutput } from "./schema.ts";
import { insertEntry, listEntries } from "./store.ts";

const DEFAULT_LIMIT = 50;

/** Writes down what somebody did for a sponsor. It is stored when this resolves. What the operator does isn't the sponsor's act. */
export async function writeEntry(
  { sql }: Pick<Deps, "sql">,
  { sponsorId, via }: SponsorActor,
  {
    action,
    object,
    errorCode,
  }: { action: string; object?: string | undefined; errorCode?: ErrorCode | undefined },
): Promise<void> {
  if (via.kind === "operator") return;
  await insertEntry.count(sql, {
    sponsor_id: sponsorId,
    user_id: via.kind === "member" ? via.userId : null,
    api_key_id: via.kind === "key" ? via.apiKeyId : null,
    action,
    object: object ?? null,
    error_code: errorCode ?? null,
  });
}

/** Lists what was done for the sponsor, newest first. @throws AppError `validation_error` for a cursor that no page gave */
export async function listSponsorEntries(
  { sql, actor }: Pick<Deps, "sql"> & { actor: SponsorActor },
  { cursor, limit = DEFAULT_LIMIT }: z.infer<typeof ListEntriesInput>,
): Promise<z.infer<typeof ListEntriesOutput>> {
  const before = readCursor(cursor);
  const rows = await listEntries.all(sql, {
    sponsor_id: actor.sponsorId,
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
        row.key_hint === null
          ? { kind: "member" as const, email: row.email }
          : { kind: "key" as const, hint: row.key_hint },
      action: row.action,
      object: row.object,
      outcome: row.error_code ?? ("ok" as const),
    })),
    next_cursor: nextCursor,
  };
}
