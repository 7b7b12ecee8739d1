import { z } from "zod";
import type { Deps, UserActor } from "../../../../core/context.ts";
import { Id } from "../../../../core/protocol/fields.ts";
import { rateLimited } from "../../../../core/protocol/rate-limit/index.ts";
import { exportAnswers, ExportFoundAnswersInput } from "../../../../core/sponsorship/answer/index.ts";
import { authenticateMember } from "../../../../core/sponsorship/member/index.ts";
import { auditSponsorCall } from "../../../procedure/audit-sponsor-call.ts";
import type { ReplyFile } from "../../../procedure/context.ts";
import { requireRole } from "../../../procedure/member.ts";
import { LEAST_ROLE_OF_ROUTES } from "../../../procedure/member-permissions.ts";
import { countCall } from "../../../procedure/rate-limits.ts";
import { rejectUnsafeInput } from "../../../procedure/reject-unsafe-input.ts";
import { invalidInput } from "../../../response/error-body.ts";

const ACTION = "answers.export";

const isTrue = z.literal("true").transform(() => true);
const Query = z.strictObject({
  ...ExportFoundAnswersInput.shape,
  sponsor_id: Id,
  to_judge: isTrue.optional(),
  contact_permitted: isTrue.optional(),
});

/**
 * The answers that a member's page shows, as a file. It is in the sponsor's audit log before its first byte is sent, and so is a try that
 * was refused.
 * @param sent the fields of the address
 * @throws AppError `rate_limited`, `validation_error`; `not_found` for a sponsor that the person doesn't act for, and for another
 *   sponsor's campaign; `forbidden` for a role that doesn't suffice
 */
export async function exportFoundAnswers(
  deps: Deps,
  person: UserActor,
  sent: Record<string, string>,
): Promise<ReplyFile> {
  await countCall({ deps, reply: { headers: {} } }, person, ACTION);
  rejectUnsafeInput(sent);
  const query = Query.safeParse(sent);
  if (!query.success) throw invalidInput(query.error, sent);
  const { sponsor_id, ...input } = query.data;
  const actor = await authenticateMember(deps.db, person.userId, sponsor_id);
  const { file } = await auditSponsorCall(deps, actor, ACTION, input, async () => {
    requireRole(actor, LEAST_ROLE_OF_ROUTES[ACTION]);
    const rule = deps.settings.rateRules.answersExported;
    const take = await deps.limiter.take(rule, person.userId);
    if (!take.allowed) throw rateLimited(rule, take);
    return { ok: true, file: await exportAnswers({ ...deps, actor }, input) };
  });
  return file;
}
