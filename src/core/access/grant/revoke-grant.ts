import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { RevokeGrantInput, RevokeGrantOutput } from "./schema.ts";
import * as store from "./store.ts";

/**
 * Revokes a grant. The next call of each of its sessions is refused. Repeating it changes nothing.
 * @throws AppError `not_found` for an unknown grant
 */
export async function revokeGrant(
  { sql, log }: Pick<Deps, "sql" | "log">,
  input: z.infer<typeof RevokeGrantInput>,
): Promise<z.infer<typeof RevokeGrantOutput>> {
  const grantId = requireId(input.grant_id, "grant");
  const revoked = await store.revokeGrant.first(sql, { id: grantId });
  if (revoked === undefined) throw notFound("grant");
  log.info({ event: "grant_revoked", grant_id: grantId }, "grant revoked");
  return { revoked: true, revoked_at: revoked.revoked_at.toISOString() };
}
