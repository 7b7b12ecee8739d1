import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { endApprovalsOfGrant } from "../approval/index.ts";
import { deleteRecordsOfGrants } from "../oauth-record/index.ts";
import { revokeSessionsOfGrant } from "../session/index.ts";
import type { RevokeGrantInput, RevokeGrantOutput } from "./schema.ts";
import { markRevoked } from "./store.ts";

/**
 * Revokes a grant, with its sessions and tokens and its budget and data approvals. The next call of each of its sessions
 * is refused. Repeating it changes nothing.
 * @throws AppError `not_found` for an unknown grant
 */
export async function revokeGrant(
  { sql, log }: Pick<Deps, "sql" | "log">,
  input: z.infer<typeof RevokeGrantInput>,
): Promise<z.infer<typeof RevokeGrantOutput>> {
  const grantId = requireId(input.grant_id, "grant");
  // The first statement locks the grant. So the next ones also see what a decision at the same moment has changed.
  const revoked = await sql.transaction(async (tx) => {
    const grant = await markRevoked.first(tx, { id: grantId });
    if (grant === undefined) return undefined;
    await revokeSessionsOfGrant.count(tx, { grant_id: grantId });
    await deleteRecordsOfGrants.count(tx, { grant_ids: [grantId] });
    await endApprovalsOfGrant.count(tx, { grant_id: grantId });
    return grant;
  });
  if (revoked === undefined) throw notFound("grant");
  log.info({ event: "grant_revoked", grant_id: grantId }, "grant revoked");
  return { revoked: true, revoked_at: revoked.revoked_at.toISOString() };
}
