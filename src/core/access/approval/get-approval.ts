import type { z } from "zod";
import type { AgentActor, Deps, SessionActor } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
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
import { findApproval, findGranted, findInputSchema } from "./store.ts";

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
  const { status, grantId } = approval;
  const isOver = status === "approved" || status === "expired";
  const granted = isOver && grantId !== null ? ((await findGranted(db, grantId)) ?? undefined) : undefined;
  return {
    data: {
      approval_id: approval.id,
      kind: approval.kind,
      status,
      approval_url: approvalUrl(settings.publicBaseUrl, approval.id),
      ...(status === "approved" && granted !== undefined && { user_id: granted.subject }),
    },
    nextActions: await nextAfterDecision(db, approval, granted),
  };
}

/**
 * Returns the next actions for an approval's state. After an approval, the agent repeats the call that opened it; also if nobody
 * answered, so that the call asks anew. A no leads nowhere: the same call would only ask the same again.
 */
async function nextAfterDecision(
  db: Queries,
  approval: ApprovalRow,
  granted: Granted | undefined,
): Promise<NextAction[]> {
  if (approval.status === "pending") return [next.getApproval(approval.id)];
  if (approval.status === "denied") return [];
  switch (approval.kind) {
    case "grant":
      return [next.auth(sessionAfter(approval, granted))];
    case "data": {
      const { campaign_id, service_key } = DataRequest.parse(approval.requested);
      return nextForCall(db, campaign_id, service_key);
    }
    case "combined": {
      const { campaign_id, service_key } = CombinedRequest.parse(approval.requested);
      return nextForCall(db, campaign_id, service_key);
    }
    case "budget": {
      const { service_key, campaign_id } = BudgetRequest.parse(approval.requested);
      return nextForCall(db, campaign_id, service_key);
    }
    case "gpt_sign_in":
      return [next.searchServices()];
  }
}

/** Returns the parameters of the session that the agent asked for, with what was granted; as it was asked for, if nobody answered. */
function sessionAfter(
  { status, requested: asked }: ApprovalRow,
  granted: Granted | undefined,
): Record<string, unknown> {
  const requested = GrantRequest.parse(asked);
  if (status === "approved" && granted !== undefined) return grantedSession(requested, granted);
  const { scopes, budget_limit_cents, expires_in_seconds: seconds } = requested;
  return {
    ...(granted !== undefined && { user_id: granted.subject }),
    ...{ scopes, budget_limit_cents },
    ...(seconds !== null && { expires_in_seconds: seconds }),
  };
}

/** Leads back to the call that asked. */
async function nextForCall(
  db: Queries,
  campaignId: string | null,
  serviceKey: string | null,
): Promise<NextAction[]> {
  if (serviceKey === null) return [campaignId === null ? next.searchServices() : next.getTask(campaignId)];
  const inputSchema = (await findInputSchema(db, serviceKey)) ?? undefined;
  return [next.runService(serviceKey, { campaignId: campaignId ?? undefined, inputSchema })];
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
