import type { Fields } from "./fields.ts";
import { change, without } from "./fields.ts";

/**
 * What an answer says that no next step needs: what the call itself said, ids that nothing takes, proofs of a payment, and what
 * is always so. `detail=full` has it all.
 */

const OF_TASK = ["service_id", "required_task", "task_type", "estimated_task_duration_seconds"];

/** The id of a campaign is for its task, so it isn't needed once that is done. */
const service = (one: Fields): Fields =>
  without(
    one,
    ...["service_type", "active", "subsidy_amount_cents", "tags"],
    ...(one["already_completed"] === true ? OF_TASK : []),
  );

/** Without a search there is nothing to be relevant to, and all that is listed can be run. A search describes it. */
const readyService = (one: Fields): Fields =>
  without(service(one), "relevance_score", "already_completed", "description", "sponsor");

/** Its transaction is in `get_payment`. */
const payment = (one: Fields): Fields => without(one, "campaign_id", "tx_hash", "network");

const status = (data: Fields): Fields => {
  const short = change(data, "completed_tasks", (one) => without(one, "completed_at"));
  const ready = change(short, "available_services", readyService);
  const paid = change(ready, "pending_payments", payment);
  const budget = change(paid, "budget", (one) =>
    without(one, "spent_cents", ...(one["reserved_cents"] === 0 ? ["reserved_cents"] : [])),
  );
  return change(budget, "session", (one) => without(one, "session_id", "agent_id", "user_id"));
};

const record = (data: Fields): Fields => without(change(data, "payments", payment), "offset", "limit");

/** By the operation's id without its surface. */
export const LEFT_OUT: Readonly<Record<string, (data: Fields) => Fields>> = {
  // A GPT's answer has the same offers twice: `candidates` groups them by service.
  search_services: ({ candidates, services, available_categories, ...data }) => ({
    ...(candidates === undefined ? change({ services }, "services", service) : { candidates }),
    ...(data["total_count"] === 0 && available_categories !== undefined && { available_categories }),
    ...without(data, "offset", "limit", "applied_filters"),
  }),
  flow_status: status,
  user_status: status,
  get_task: (data) => without(data, "campaign_id", "subsidy_amount_cents", "optional_fields"),
  complete_task: ({ consent_recorded, ...data }) => ({
    ...without(data, "task_completion_id", "campaign_id"),
    ...(consent_recorded !== true && { consent_recorded }),
  }),
  plan_service: (data) => without(data, "service"),
  run_service: ({ output_content_type, ...data }) => ({
    ...(output_content_type !== "application/json" && { output_content_type }),
    ...change(change(without(data, "service"), "payment", payment), "execution_metadata", (one) =>
      without(one, "response_time_ms", "upstream_status", "cost_cents"),
    ),
  }),
  get_approval: (data) => without(data, "approval_id"),
  audit_history: (data) =>
    without(
      change(data, "entries", (one) => without(one, "id", "session_id", "endpoint")),
      ...["offset", "limit"],
    ),
  usage_record: record,
  user_record: record,
};
