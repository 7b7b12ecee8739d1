import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { RevokeGrantInput, RevokeGrantOutput } from "./schema.ts";
import { revokeGrant as writeRevocation } from "./store.ts";

/** Takes back a standing consent: the very next call of any of its sessions is refused. Idempotent. */
export async function revokeGrant(
  { db, log }: Pick<Deps, "db" | "log">,
  input: z.infer<typeof RevokeGrantInput>,
): Promise<z.infer<typeof RevokeGrantOutput>> {
  const grantId = requireId(input.grant_id, "grant");
  const revokedAt = await writeRevocation(db, grantId);
  if (revokedAt === undefined) throw notFound("grant");
  log.info({ event: "grant_revoked", grant_id: grantId }, "grant revoked");
  return { revoked: true, revoked_at: revokedAt.toISOString() };
}
