import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { cutPage, readCursor } from "../../protocol/cursor.ts";
import { listSharedOfUser } from "./own-consents-store.ts";
import type { ListOwnConsentsInput, ListOwnConsentsOutput } from "./schema.ts";

const DEFAULT_LIMIT = 30;

/**
 * Lists what the user shared, newest first: with whom, for what, and until when it is kept.
 * @throws AppError `validation_error` for a cursor that no page gave
 */
export async function listOwnConsents(
  { sql, histories, actor }: Pick<Deps, "sql" | "histories"> & { actor: UserActor },
  { cursor, limit = DEFAULT_LIMIT }: z.infer<typeof ListOwnConsentsInput>,
): Promise<z.infer<typeof ListOwnConsentsOutput>> {
  const before = readCursor(cursor);
  const rows = await histories.run(callerKey({ actor }), () =>
    listSharedOfUser.all(sql, {
      user_id: actor.userId,
      before_micros: before?.micros ?? null,
      before_id: before?.id ?? null,
      limit: limit + 1,
    }),
  );
  const { page, nextCursor } = cutPage(rows, limit);
  return {
    consents: page.map(({ id, micros: _micros, created_at, kept_until, withdrawn_at, ...row }) => ({
      ...row,
      consent_id: id,
      at: created_at.toISOString(),
      kept_until: kept_until?.toISOString() ?? null,
      withdrawn_at: withdrawn_at?.toISOString() ?? null,
    })),
    next_cursor: nextCursor,
  };
}
