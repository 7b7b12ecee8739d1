import { z } from "zod";
import { PaymentView } from "../../money/payment/index.ts";
import { Budget, ExplicitScopes, ServiceKey, Timestamp } from "../../protocol/fields.ts";
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
      campaign_name: z.string(),
      task_type: z.string(),
      completed_at: Timestamp,
    }),
  ),
  available_services: z
    .array(ServiceView)
    .meta({ description: "Services that can be run right now, without doing a task first" }),
  pending_payments: z.array(PaymentView.extend({ service: ServiceKey })),
  pending_approvals: z.array(z.object({ approval_id: z.string(), kind: z.string(), expires_at: Timestamp })),
});
