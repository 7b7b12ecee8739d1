import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { WithdrawConsentInput, WithdrawConsentOutput } from "./schema.ts";
import { withdraw } from "./store.ts";

/**
 * Withdraws a consent (R6.5). Repeating it changes nothing.
 *
 * If the consent was to share or keep a task's answers, the answers are erased at once. Their completion no
 * longer counts for later runs, and the user can complete the task again. If it was to contact, only that
 * permission ends.
 * @throws AppError `not_found`, also for another user's consent
 */
export async function withdrawConsent(
  { sql, log }: Pick<Deps, "sql" | "log">,
  input: z.infer<typeof WithdrawConsentInput>,
): Promise<z.infer<typeof WithdrawConsentOutput>> {
  const consentId = requireId(input.consent_id, "consent");
  const userId = requireId(input.user_id, "user");
  const consent = await withdraw.first(sql, { id: consentId, user_id: userId });
  if (consent === undefined) throw notFound("consent");
  log.info({ event: "consent_withdrawn", consent_id: consentId }, "consent withdrawn");
  return { withdrawn: true, withdrawn_at: consent.withdrawn_at.toISOString() };
}
