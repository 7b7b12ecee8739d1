import { z } from "zod";
import { PaymentView } from "../../money/payment/index.ts";
import { Budget, ExplicitScopes, Timestamp } from "../../protocol/fields.ts";
import { foreignName, foreignServiceKey, foreignText } from "../../protocol/foreign/index.ts";
import { RejectReason } from "../../protocol/reject-reasons.ts";
import { ServiceView } from "../search/index.ts";

export const FlowState = z.enum(["authenticated", "service_selected", "task_completed", "service_ready"]);

export const FlowStatusOutput = z.object({
  flow_state: FlowState,
  session: z.object({
    session_id: z.string(),
    agent_id: z.string(),
    user_id: z.string(),
    scopes: ExplicitScopes,
    expires_at: Timestamp,
  }),
  budget: Budget,
  completed_tasks: z.array(
    z.object({
      campaign_id: z.string(),
      campaign_name: foreignText(),
      task_type: foreignName("task"),
      completed_at: Timestamp,
    }),
  ),
  answers_in_review: z
    .array(
      z.object({
        campaign_id: z.string(),
        campaign_name: foreignText(),
        task_type: foreignName("task"),
        state: z.enum(["held_back", "rejected"]).meta({
          description:
            "held_back: the sponsor pays once it has accepted the answers. rejected: it didn't, in the last 7 days",
        }),
        held_until: Timestamp.nullable(),
        reject_reason: RejectReason.nullable(),
        reject_note: foreignText(),
      }),
    )
    .meta({ description: "Answers that don't count: get_task says what can be done" }),
  available_services: z
    .array(ServiceView)
    .meta({ description: "Services that can be run right now, without doing a task first" }),
  pending_payments: z.array(PaymentView.extend({ service: foreignServiceKey() })),
  pending_approvals: z.array(z.object({ approval_id: z.string(), kind: z.string(), expires_at: Timestamp })),
});
