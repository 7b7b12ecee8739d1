import type { z } from "zod";
import { DEFAULT_OVERLAP_SECONDS } from "../../access/credential/index.ts";
import type { Deps, SponsorActor } from "../../context.ts";
import { AppError, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { encryptSecret, mintSecret, moveToPrevious } from "../../protocol/signed-webhooks.ts";
import { requireOpen } from "../sponsor/index.ts";
import type { NewVerdictSecretOutput, RotateVerdictSecretInput } from "./schema.ts";
import { findVerdictSecret, lockHoldback, putVerdictSecret } from "./secret-store.ts";

/**
 * Makes the secret that signs the requests to a campaign's holdback webhook, or a new one. The one before signs too until the overlap
 * ends; an overlap of 0 ends it at once.
 * @throws AppError `not_found`, also for another sponsor's campaign; `conflict` if its holdback asks no webhook
 */
export async function rotateVerdictSecret(
  { sql, cipher, log, actor }: Pick<Deps, "sql" | "cipher" | "log"> & { actor: SponsorActor },
  input: z.infer<typeof RotateVerdictSecretInput>,
): Promise<z.infer<typeof NewVerdictSecretOutput>> {
  const id = requireId(input.campaign_id, "campaign");
  const secret = mintSecret();
  const stored = await sql.transaction(async (tx) => {
    await requireOpen(tx, actor.sponsorId);
    const campaign = await lockHoldback.first(tx, { id, sponsor_id: actor.sponsorId });
    if (campaign === undefined) throw notFound("campaign");
    if (campaign.url === null)
      throw new AppError("conflict", { message: "This campaign's holdback asks no webhook." });
    const present = await findVerdictSecret.first(tx, { campaign_id: id });
    return putVerdictSecret.one(tx, {
      campaign_id: id,
      secret: encryptSecret(cipher, "verdict_secrets", id, secret),
      previous_secret:
        present === undefined ? null : moveToPrevious(cipher, "verdict_secrets", id, present.secret),
      overlap_seconds: input.overlap_seconds ?? DEFAULT_OVERLAP_SECONDS,
    });
  });
  log.info({ event: "verdict_secret_rotated", campaign_id: id }, "secret of a holdback webhook rotated");
  return { campaign_id: id, secret, previous_secret_until: stored.previous_until?.toISOString() ?? null };
}
