import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { WithdrawConsentInput, WithdrawConsentOutput } from "./schema.ts";
import { withdraw } from "./store.ts";

/**
 * Takes a consent back, R6.5. Without the consent to share or to keep them, a task's answers are erased at once,
 * their completion no longer counts for later runs, and the task can be completed anew. Without the consent to
 * contact, only that permission goes. Idempotent.
 * @throws `not_found`, also for another user's consent
 */
export async function withdrawConsent(
  { db, log }: Pick<Deps, "db" | "log">,
  input: z.infer<typeof WithdrawConsentInput>,
): Promise<z.infer<typeof WithdrawConsentOutput>> {
  const consentId = requireId(input.consent_id, "consent");
  const withdrawnAt = await withdraw(db, requireId(input.user_id, "user"), consentId);
  if (withdrawnAt === undefined) throw notFound("consent");
  log.info({ event: "consent_withdrawn", consent_id: consentId }, "consent withdrawn");
  return { withdrawn: true, withdrawn_at: withdrawnAt.toISOString() };
}
