/**
 * THE typed union of what an agent may do next. The core names the operation and what it knows of its
 * parameters; each surface renders method, endpoint and operation id from its own routers
 * (`api/operations.ts`), so one core serves the agent and the GPT surface.
 */

interface Hint<Action extends string, Path = object> {
  action: Action;
  /** Path parameters, always complete. */
  path: Path;
  /** Query or body fields known so far. */
  params: Record<string, unknown>;
  /** JSON Schema of the fields the caller has to add. */
  paramsSchema?: Record<string, unknown>;
  description: string;
}

export type NextAction =
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

export type ActionName = NextAction["action"];

/** What completing a task needs besides the data: the user's act of consent for this campaign. */
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

/** An agent that doesn't know what to ask for takes what the grant allows. */
const SCOPE_SCHEMA = { type: "array", items: { type: "string" }, default: ["*"] } as const;

export const next = {
  auth: (params: Record<string, unknown> = {}): NextAction => ({
    action: "auth",
    path: {},
    params,
    ...(Object.keys(params).length > 0
      ? {}
      : {
          paramsSchema: {
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
              budget_limit_cents: { type: "number", minimum: 0 },
            },
            required: ["scopes", "budget_limit_cents"],
          },
        }),
    description: "Open a session with your API key.",
  }),

  getApproval: (approvalId: string): NextAction => ({
    action: "get_approval",
    path: { approval_id: approvalId },
    params: {},
    description: "Ask whether the user has decided. Show them the link and the code first.",
  }),

  searchServices: (
    params: Record<string, unknown> = {},
    description = "Find services a sponsor would pay for.",
  ): NextAction => ({ action: "search_services", path: {}, params, description }),

  getTask: (campaignId: string, description = "Read what the sponsor asks for."): NextAction => ({
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
      type: "object",
      properties: {
        task_data: taskSchema ?? { type: "object" },
        consent: CONSENT_SCHEMA,
      },
      required: ["task_data", "consent"],
      additionalProperties: false,
    },
    description: "Submit the answers with the user's consent.",
  }),

  planService: (serviceKey: string): NextAction => ({
    action: "plan_service",
    path: { service_key: serviceKey },
    params: {},
    description: "See what a run would take: payer, task, and everything that is missing.",
  }),

  runService: (
    serviceKey: string,
    options: { campaignId?: string | undefined; inputSchema?: unknown; description?: string } = {},
  ): NextAction => ({
    action: "run_service",
    path: { service_key: serviceKey },
    params: options.campaignId === undefined ? {} : { campaign_id: options.campaignId },
    ...(options.inputSchema === undefined
      ? {}
      : {
          paramsSchema: { type: "object", properties: { input: options.inputSchema }, required: ["input"] },
        }),
    description: options.description ?? "Run the service at the sponsor's expense.",
  }),

  getPayment: (paymentId: string): NextAction => ({
    action: "get_payment",
    path: { payment_id: paymentId },
    params: {},
    description: "Ask what became of this payment.",
  }),

  flowStatus: (): NextAction => ({
    action: "flow_status",
    path: {},
    params: {},
    description: "See the session, its budget and what is ready.",
  }),

  payDirectly: (serviceKey: string, inputSchema?: unknown): NextAction => ({
    action: "pay_directly",
    path: { service_key: serviceKey },
    params: {},
    ...(inputSchema !== undefined && {
      paramsSchema: { type: "object", properties: { input: inputSchema }, required: ["input"] },
    }),
    description: "Run the service and pay for it yourself, by x402.",
  }),

  auditHistory: (): NextAction => ({
    action: "audit_history",
    path: {},
    params: {},
    description: "See every call made under this grant.",
  }),
};
