import { openApproval } from "../../access/approval/index.ts";
import { missingFrom } from "../../access/scope/index.ts";
import { refuseScope } from "../../access/session/index.ts";
import type { Deps, SessionActor } from "../../context.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";

type Context = Pick<Deps, "db" | "cipher" | "log" | "limiter" | "settings"> & { actor: SessionActor };

/**
 * Whether personal data of these types may leave towards a sponsor (R6.2, R6.4): it needs the user's standing
 * consent, which is the grant, and the session's scope.
 * @throws `data_consent_required` with an approval for what the grant lacks, `scope_violation` for what only the
 *   session lacks. Nothing is stored or sent either way.
 */
export async function requireDataConsent(
  ctx: Context,
  dataTypes: DataType[],
  target: { campaignId?: string | undefined; serviceKey?: string | undefined },
  /** A dry run is refused alike, but opens no approval and counts no violation. */
  dryRun = false,
): Promise<void> {
  const { actor } = ctx;
  const withoutConsent = missingFrom(dataTypes, actor.grantScopes.dataTypes);
  // First what no approval would change for this session: where one is opened, the unchanged retry has to succeed.
  const outOfScope = missingFrom(dataTypes, [...actor.scopes.dataTypes, ...withoutConsent]);
  if (outOfScope.length > 0) await refuseScope(ctx, "data_types", outOfScope, dryRun);
  if (withoutConsent.length > 0) throw await dataConsentRequired(ctx, withoutConsent, target, dryRun);
}

async function dataConsentRequired(
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
    sameQuestionKey: actor.sessionId,
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
