import type { z } from "zod";
import type { AgentActor, Deps } from "../context.ts";
import { notFound } from "../errors.ts";
import { requireId } from "../fields.ts";
import type { NextAction } from "../next-actions.ts";
import { next } from "../next-actions.ts";
import { approvalUrl } from "./open-approval.ts";
import type { GetApprovalInput, GetApprovalOutput } from "./schema.ts";
import { BudgetRequest, DataRequest, GrantRequest } from "./schema.ts";
import type { ApprovalRow } from "./store.ts";
import { findApproval } from "./store.ts";

/** What became of a question this agent asked. @throws `not_found`, also for another agent's. */
export async function getApproval(
  { db, settings, actor }: Pick<Deps, "db" | "settings"> & { actor: AgentActor },
  input: z.infer<typeof GetApprovalInput>,
): Promise<{ data: z.infer<typeof GetApprovalOutput>; nextActions: NextAction[] }> {
  const approval = await findApproval(db, requireId(input.approval_id, "approval"), actor.agentId);
  if (approval === undefined) throw notFound("approval");
  return {
    data: {
      approval_id: approval.id,
      kind: approval.kind,
      status: approval.status,
      approval_url: approvalUrl(settings.publicBaseUrl, approval.id),
      ...(approval.status === "approved" && approval.subject !== null && { user_id: approval.subject }),
    },
    nextActions: afterwards(approval),
  };
}

/** Where the agent goes from here: back to the call that asked, as far as we may repeat it. */
function afterwards(approval: ApprovalRow): NextAction[] {
  if (approval.status === "pending") return [next.getApproval(approval.id)];
  if (approval.status !== "approved") return [next.auth()];
  switch (approval.kind) {
    case "grant": {
      const { scopes, budget_limit_cents, expires_in_seconds } = GrantRequest.parse(approval.requested);
      return [
        next.auth({
          user_id: approval.subject,
          scopes,
          budget_limit_cents,
          ...(expires_in_seconds !== null && { expires_in_seconds }),
        }),
      ];
    }
    case "data": {
      const { campaign_id, service_key } = DataRequest.parse(approval.requested);
      if (service_key !== null)
        return [next.runService(service_key, { campaignId: campaign_id ?? undefined })];
      return campaign_id === null ? [next.searchServices()] : [next.getTask(campaign_id)];
    }
    case "budget": {
      const { service_key, campaign_id } = BudgetRequest.parse(approval.requested);
      return [next.runService(service_key, { campaignId: campaign_id ?? undefined })];
    }
    case "gpt_sign_in":
      return [next.searchServices()];
  }
}
