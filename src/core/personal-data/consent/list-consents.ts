import type { z } from "zod";
import { userExists } from "../../access/user/index.ts";
import type { Deps } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { PAGE_SIZE, requireId } from "../../protocol/fields.ts";
import type { ListConsentsInput, ListConsentsOutput } from "./schema.ts";
import { countConsents, listConsentRows } from "./store.ts";

/**
 * Lists a user's consent records, newest first: given, refused and withdrawn ones.
 * @throws AppError `not_found` for an unknown user
 */
export async function listConsents(
  { db }: Pick<Deps, "db">,
  { user_id, offset = 0, limit = PAGE_SIZE }: z.infer<typeof ListConsentsInput>,
): Promise<z.infer<typeof ListConsentsOutput>> {
  const userId = requireId(user_id, "user");
  if (!(await userExists(db, userId))) throw notFound("user");
  const [rows, total] = await Promise.all([
    listConsentRows(db, userId, offset, limit),
    countConsents(db, userId),
  ]);
  return {
    consents: rows.map(({ id, created_at, withdrawn_at, ...row }) => ({
      consent_id: id,
      ...row,
      created_at: created_at.toISOString(),
      withdrawn_at: withdrawn_at?.toISOString() ?? null,
    })),
    total_count: total,
    offset,
    limit,
  };
}
