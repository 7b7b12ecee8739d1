import { openApproval } from "../../access/approval/index.ts";
import { missingFrom } from "../../access/scope/index.ts";
import { refuseScope } from "../../access/violation/index.ts";
import type { Deps, SessionActor } from "../../context.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";

type Context = Pick<Deps, "db" | "sql" | "cipher" | "log" | "limiter" | "settings"> & { actor: SessionActor };

/**
 * Checks that personal data of these types may be sent to a sponsor (R6.2, R6.4). Both the grant, which is the
 * user's standing consent, and the session's scopes must include every type. The check runs before anything is
 * stored or sent.
 * @param dryRun a dry run gets the same errors, but opens no approval and counts no violation
 * @throws AppError `scope_violation` if only the session lacks a type; `data_consent_required` if the grant
 *   lacks one, with an approval that asks the user for it
 */
export async function requireDataConsent(
  ctx: Context,
  dataTypes: DataType[],
  target: { campaignId?: string | undefined; serviceKey?: string | undefined },
  dryRun = false,
): Promise<void> {
  const { actor } = ctx;
  const withoutConsent = missingFrom(dataTypes, actor.grantScopes.dataTypes);
  // Check the session's scopes first. An approval adds only the types that the grant lacks. If the session lacked
  // other types too, the retry after the approval would fail.
  const outOfScope = missingFrom(dataTypes, [...actor.scopes.dataTypes, ...withoutConsent]);
  if (outOfScope.length > 0) await refuseScope(ctx, "data_types", outOfScope, dryRun);
  if (withoutConsent.length > 0) throw await openDataApproval(ctx, withoutConsent, target, dryRun);
}

/** Opens an approval for the missing types. Returns the `data_consent_required` error to throw. */
async function openDataApproval(
  ctx: Context,
  missing: DataType[],
  target: { campaignId?: string | undefined; serviceKey?: string | undefined },
  dryRun: boolean,
): Promise<AppError> {
  const { actor } = ctx;
  const message = `The user hasn't consented to sending: ${missing.join(", ")}.`;
  if (dryRun) return new AppError("data_consent_required", { message, details: { missing } });
  const approval = await openApproval(ctx, {
    kind: "data",
    agentId: actor.agentId,
    userId: actor.userId,
    grantId: actor.grantId,
    sessionId: actor.sessionId,
    sameQuestionKey: actor.grantId,
    requested: {
      data_types: missing,
      campaign_id: target.campaignId ?? null,
      service_key: target.serviceKey ?? null,
    },
  });
  return new AppError("data_consent_required", {
    message,
    details: { missing, ...approval },
    nextActions: [next.getApproval(approval.approval_id)],
  });
}
