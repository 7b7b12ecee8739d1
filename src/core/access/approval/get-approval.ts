import type { z } from "zod";
import type { AgentActor, Deps, SessionActor } from "../../context.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import { narrow, toWire } from "../scope/index.ts";
import { approvalUrl } from "./open-approval.ts";
import type { GetApprovalInput, GetApprovalOutput } from "./schema.ts";
import { BudgetRequest, CombinedRequest, DataRequest, GrantRequest } from "./schema.ts";
import type { ApprovalRow } from "./store.ts";
import { findApproval, findGranted } from "./store.ts";

/**
 * Returns the state of an approval that this agent opened; with a session, one of the session's grant.
 * @throws AppError `not_found`, also for an approval of another agent or grant
 */
export async function getApproval(
  { db, settings, actor }: Pick<Deps, "db" | "settings"> & { actor: AgentActor | SessionActor },
  input: z.infer<typeof GetApprovalInput>,
): Promise<{ data: z.infer<typeof GetApprovalOutput>; nextActions: NextAction[] }> {
  const approval = await findApproval(db, requireId(input.approval_id, "approval"), actor.agentId);
  if (approval === undefined) throw notFound("approval");
  if (actor.kind === "session" && approval.grantId !== actor.grantId) throw notFound("approval");
  const granted =
    approval.status === "approved" && approval.grantId !== null
      ? ((await findGranted(db, approval.grantId)) ?? undefined)
      : undefined;
  return {
    data: {
      approval_id: approval.id,
      kind: approval.kind,
      status: approval.status,
      approval_url: approvalUrl(settings.publicBaseUrl, approval.id),
      ...(granted !== undefined && { user_id: granted.subject }),
    },
    nextActions: nextAfterDecision(approval, granted),
  };
}

/**
 * Returns the next actions for an approval's state. After an approval, the agent repeats the call that opened
 * it.
 */
function nextAfterDecision(approval: ApprovalRow, granted: Granted | undefined): NextAction[] {
  if (approval.status === "pending") return [next.getApproval(approval.id)];
  if (approval.status !== "approved") return [next.auth()];
  switch (approval.kind) {
    case "grant":
      return [
        next.auth(
          granted === undefined ? {} : grantedSession(GrantRequest.parse(approval.requested), granted),
        ),
      ];
    case "data": {
      const { campaign_id, service_key } = DataRequest.parse(approval.requested);
      return nextForCall(campaign_id, service_key);
    }
    case "combined": {
      const { campaign_id, service_key } = CombinedRequest.parse(approval.requested);
      return nextForCall(campaign_id, service_key);
    }
    case "budget": {
      const { service_key, campaign_id } = BudgetRequest.parse(approval.requested);
      return [next.runService(service_key, { campaignId: campaign_id ?? undefined })];
    }
    case "gpt_sign_in":
      return [next.searchServices()];
  }
}

/** Leads back to the call that asked. */
function nextForCall(campaignId: string | null, serviceKey: string | null): NextAction[] {
  if (serviceKey !== null) return [next.runService(serviceKey, { campaignId: campaignId ?? undefined })];
  return campaignId === null ? [next.searchServices()] : [next.getTask(campaignId)];
}

type Granted = NonNullable<Awaited<ReturnType<typeof findGranted>>>;

/** Returns the parameters of the session that the agent asked for, narrowed to what the user granted. */
function grantedSession(requested: z.infer<typeof GrantRequest>, granted: Granted): Record<string, unknown> {
  const scopes = narrow(requested.scopes, {
    taskTypes: granted.allowedTaskTypes,
    dataTypes: granted.allowedDataTypes as DataType[],
    categories: granted.allowedCategories,
  });
  const remainingCents = microsToCents(granted.remaining);
  const seconds = requested.expires_in_seconds;
  return {
    user_id: granted.subject,
    scopes: toWire(scopes),
    budget_limit_cents: Math.min(requested.budget_limit_cents, remainingCents),
    // Without the field, the session lives as long as the grant allows.
    ...(seconds !== null && seconds < granted.secondsLeft && { expires_in_seconds: seconds }),
  };
}
