import type { z } from "zod";
import { listOpenApprovals } from "../../access/approval/index.ts";
import { toWire } from "../../access/scope/index.ts";
import type { Deps, SessionActor } from "../../context.ts";
import { budgetToWire, findAccount } from "../../money/budget/index.ts";
import { listOpenPayments, paymentToView } from "../../money/payment/index.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import type { RejectReason } from "../../protocol/reject-reasons.ts";
import { listReadyServices } from "../search/index.ts";
import type { FlowState, FlowStatusOutput } from "./schema.ts";
import { findSelectedCampaign, listCompletedTasks, listReviewedAnswers } from "./store.ts";

/** At most so many next actions of one kind: poll a payment, poll an approval, run a service. */
const MAX_ACTIONS = 5;

type Status = z.infer<typeof FlowStatusOutput>;

/** R1.4: the session's whole situation in one call. `flow_state` is the furthest state that holds. */
export async function flowStatus(
  ctx: Pick<Deps, "db" | "sql" | "searches" | "lists" | "catalogue" | "thesaurus"> & { actor: SessionActor },
): Promise<{ data: Status; nextActions: NextAction[] }> {
  const { db, actor } = ctx;
  const [account, completed, reviewed, available, payments, approvals, selected] = await Promise.all([
    findAccount(db, actor.budgetAccountId),
    listCompletedTasks(db, actor.userId),
    listReviewedAnswers(db, actor.userId),
    listReadyServices(ctx),
    listOpenPayments(db, actor.grantId),
    listOpenApprovals(db, actor.grantId),
    findSelectedCampaign(db, actor.sessionId),
  ]);
  const data: Status = {
    flow_state: furthestState(available.length > 0, completed.length > 0, selected !== undefined),
    session: {
      session_id: actor.sessionId,
      agent_id: actor.agentId,
      user_id: actor.subject,
      scopes: toWire(actor.scopes),
      expires_at: actor.expiresAt.toISOString(),
    },
    budget: budgetToWire(account),
    completed_tasks: completed.map(({ campaign, createdAt }) => ({
      campaign_id: campaign.id,
      campaign_name: campaign.name,
      task_type: campaign.taskType,
      completed_at: createdAt.toISOString(),
    })),
    answers_in_review: reviewed.map(({ campaign, state, judgeUntil, rejectReason, rejectNote }) => ({
      campaign_id: campaign.id,
      campaign_name: campaign.name,
      task_type: campaign.taskType,
      state: state === "held_back" ? "held_back" : "rejected",
      held_until: state === "held_back" ? judgeUntil.toISOString() : null,
      reject_reason: rejectReason as RejectReason | null,
      reject_note: rejectNote,
    })),
    available_services: available,
    pending_payments: payments.map((payment) => ({ ...paymentToView(payment), service: payment.service })),
    pending_approvals: approvals.map(({ id, kind, expiresAt }) => ({
      approval_id: id,
      kind: kind,
      expires_at: expiresAt.toISOString(),
    })),
  };
  return { data, nextActions: nextInState(data, selected) };
}

function furthestState(ready: boolean, completed: boolean, selected: boolean): z.infer<typeof FlowState> {
  if (ready) return "service_ready";
  if (completed) return "task_completed";
  return selected ? "service_selected" : "authenticated";
}

/** The next actions of each state (R1.5). In every state, pending payments and open approvals come first. */
function nextInState(status: Status, selectedCampaignId: string | undefined): NextAction[] {
  const waiting = [
    ...status.pending_payments.slice(0, MAX_ACTIONS).map(({ payment_id }) => next.getPayment(payment_id)),
    ...status.pending_approvals.slice(0, MAX_ACTIONS).map(({ approval_id }) => next.getApproval(approval_id)),
  ];
  const held = status.answers_in_review
    .filter(({ state }) => state === "held_back")
    .slice(0, MAX_ACTIONS)
    .map(({ campaign_id }) => next.getTask(campaign_id, "Ask whether the sponsor has accepted the answers."));
  const runs = status.available_services.slice(0, MAX_ACTIONS).map((service) =>
    next.runService(service.service_key, {
      campaignId: service.service_type === "campaign" ? service.service_id : undefined,
      inputSchema: service.input_schema,
    }),
  );
  switch (status.flow_state) {
    case "service_ready":
      return [...waiting, ...runs, ...held, next.searchServices(), next.auditHistory()];
    case "service_selected":
      return [
        ...waiting,
        ...held,
        ...(selectedCampaignId === undefined ? [] : [next.getTask(selectedCampaignId)]),
        next.searchServices(),
      ];
    case "task_completed":
    case "authenticated":
      return [...waiting, ...held, next.searchServices(), next.flowStatus()];
  }
}
