import type { Hint } from "./action-hint.ts";
import { objectSchema } from "./object-schema.ts";
import type { SponsorAction } from "./sponsor-actions.ts";

/**
 * Next actions: hints that tell an agent, or a sponsor's program, which operation to call next. The core names the operation and the
 * parameters it knows. Each surface adds method, endpoint and operation id from its own routers
 * (src/api/response/render-next-actions.ts), so the agent surface and the GPT surface share one core.
 */

export type NextAction = AgentAction | SponsorAction;

export type AgentAction =
  | Hint<"auth">
  | Hint<"get_approval", { approval_id: string }>
  | Hint<"search_services">
  | Hint<"get_task", { campaign_id: string }>
  | Hint<"complete_task", { campaign_id: string }>
  | Hint<"plan_service", { service_key: string }>
  | Hint<"run_service", { service_key: string }>
  | Hint<"get_payment", { payment_id: string }>
  | Hint<"flow_status">
  | Hint<"audit_history">
  | Hint<"pay_directly", { service_key: string }>;

export type AgentActionName = AgentAction["action"];

/** The user's consent to this campaign. Completing a task needs it besides the answers. */
const CONSENT_SCHEMA = {
  type: "object",
  properties: {
    data_sharing_agreed: {
      type: "boolean",
      description: "The user agrees that the answers go to the sponsor.",
    },
    purpose_acknowledged: { type: "boolean", description: "The user knows what the sponsor uses them for." },
    contact_permission: { type: "boolean", description: "The sponsor may contact the user." },
  },
  required: ["data_sharing_agreed", "purpose_acknowledged", "contact_permission"],
  additionalProperties: false,
} as const;

/** The defaults ask for everything that the grant allows, and for some money. Agents that only follow next actions use them. */
const SCOPE_SCHEMA = { type: "array", items: { type: "string" }, default: ["*"] } as const;

/** Without known parameters, the agent gets a schema of the fields that it has to add. */
const AUTH_SCHEMA = {
  type: "object",
  properties: {
    user_id: { type: "string" },
    scopes: {
      type: "object",
      properties: {
        allowed_task_types: SCOPE_SCHEMA,
        allowed_data_types: SCOPE_SCHEMA,
        allowed_categories: SCOPE_SCHEMA,
      },
      required: ["allowed_task_types", "allowed_data_types", "allowed_categories"],
    },
    budget_limit_cents: { type: "number", minimum: 0, default: 100 },
  },
  required: ["scopes", "budget_limit_cents"],
} as const;

/** The schema of a call whose only missing field is the service's input. */
const inputParams = (inputSchema: unknown): Pick<Hint<string>, "paramsSchema"> =>
  inputSchema === undefined
    ? {}
    : {
        paramsSchema: {
          ...objectSchema({}, { field: "input", schema: inputSchema }),
          required: ["input"],
        },
      };

/** What an action says of itself where nothing more is to be said. */
export const USUAL_DESCRIPTIONS: Readonly<Record<string, string>> & Record<AgentActionName, string> = {
  auth: "Open a session with your API key.",
  get_approval: "Ask whether the user has decided. Show the user the link and the code first.",
  search_services: "Find services that a sponsor pays for.",
  get_task: "Read what the sponsor asks for.",
  complete_task: "Submit the answers with the user's consent.",
  plan_service: "See what a run needs: the payer, the task, and everything that is missing.",
  run_service: "Run the service at the sponsor's expense.",
  get_payment: "Get the outcome of this payment.",
  flow_status: "See the session, its budget and the services that are ready.",
  audit_history: "See every call made under this grant.",
  pay_directly: "Run the service and pay for it yourself, by x402.",
};
const usual = USUAL_DESCRIPTIONS;

/** Builds next actions, one function for each operation. */
export const next = {
  auth: (params: Record<string, unknown> = {}): NextAction => ({
    action: "auth",
    path: {},
    params,
    ...(Object.keys(params).length === 0 && { paramsSchema: AUTH_SCHEMA }),
    description: usual.auth,
  }),

  getApproval: (approvalId: string): NextAction => ({
    action: "get_approval",
    path: { approval_id: approvalId },
    params: {},
    description: usual.get_approval,
  }),

  searchServices: (
    params: Record<string, unknown> = {},
    description = usual.search_services,
  ): NextAction => ({ action: "search_services", path: {}, params, description }),

  getTask: (campaignId: string, description = usual.get_task): NextAction => ({
    action: "get_task",
    path: { campaign_id: campaignId },
    params: {},
    description,
  }),

  completeTask: (campaignId: string, taskSchema?: unknown): NextAction => ({
    action: "complete_task",
    path: { campaign_id: campaignId },
    params: {},
    paramsSchema: {
      ...objectSchema(
        { consent: CONSENT_SCHEMA },
        { field: "task_data", schema: taskSchema ?? { type: "object" } },
      ),
      required: ["task_data", "consent"],
      additionalProperties: false,
    },
    description: usual.complete_task,
  }),

  planService: (serviceKey: string, description = usual.plan_service): NextAction => ({
    action: "plan_service",
    path: { service_key: serviceKey },
    params: {},
    description,
  }),

  runService: (
    serviceKey: string,
    options: { campaignId?: string | undefined; inputSchema?: unknown; description?: string } = {},
  ): NextAction => ({
    action: "run_service",
    path: { service_key: serviceKey },
    params: options.campaignId === undefined ? {} : { campaign_id: options.campaignId },
    ...inputParams(options.inputSchema),
    description: options.description ?? usual.run_service,
  }),

  getPayment: (paymentId: string): NextAction => ({
    action: "get_payment",
    path: { payment_id: paymentId },
    params: {},
    description: usual.get_payment,
  }),

  flowStatus: (): NextAction => ({
    action: "flow_status",
    path: {},
    params: {},
    description: usual.flow_status,
  }),

  payDirectly: (serviceKey: string, inputSchema?: unknown): NextAction => ({
    action: "pay_directly",
    path: { service_key: serviceKey },
    params: {},
    ...inputParams(inputSchema),
    description: usual.pay_directly,
  }),

  auditHistory: (): NextAction => ({
    action: "audit_history",
    path: {},
    params: {},
    description: usual.audit_history,
  }),
};
