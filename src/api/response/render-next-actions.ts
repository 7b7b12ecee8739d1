import type { AgentActionName, NextAction } from "../../core/protocol/next-actions.ts";
import type { SponsorActionName } from "../../core/protocol/sponsor-actions.ts";
import type { Auth, Surface } from "../operation/operation-meta.ts";
import type { Operation, Operations } from "../operation/operations.ts";
import type { WireNextAction } from "./envelope.ts";

/**
 * Fields that a caller has to send with every call. A GPT can't set headers, so its session token is such a
 * field.
 */
export interface RepeatedFields {
  session_token?: string;
}

export type RenderNextActions = (
  surface: Surface,
  actions: NextAction[],
  /** Filled into the parameters of each operation that takes these fields. */
  repeatedFields?: RepeatedFields,
) => WireNextAction[];

/** All actions of agents that the core can name. The compiler checks the names, which `Object.keys` then tells as mere texts. */
const AGENT_ACTIONS = Object.keys({
  auth: true,
  get_approval: true,
  search_services: true,
  get_task: true,
  complete_task: true,
  plan_service: true,
  run_service: true,
  get_payment: true,
  flow_status: true,
  audit_history: true,
  pay_directly: true,
} satisfies Record<AgentActionName, true>) as AgentActionName[];

/** Those that are tools on MCP. The host opens sessions there, and pays by itself. */
const TOOL_ACTIONS: ReadonlySet<string> = new Set(
  AGENT_ACTIONS.filter((name) => name !== "auth" && name !== "pay_directly"),
);

/** The same for sponsors. */
const SPONSOR_ACTIONS: ReadonlySet<string> = new Set(
  Object.keys({
    register_api: true,
    get_api: true,
    change_api: true,
    fund_api: true,
    create_campaign: true,
    get_campaign: true,
    change_campaign: true,
    fund_campaign: true,
    list_answers: true,
    get_withdrawal: true,
  } satisfies Record<SponsorActionName, true>),
);

/**
 * Creates the function that turns the core's next actions into concrete calls. On the GPT surface, actions
 * become GPT operations, and an action without a GPT operation is left out. On MCP they become tools. On all others, they become the
 * operations of agents and sponsors.
 * @throws Error if there is no operation for an action; the server then doesn't start
 */
export function createActionRenderer(operations: Operations): RenderNextActions {
  const missing = [...AGENT_ACTIONS, ...SPONSOR_ACTIONS].filter((name) => !operations.has(operationOf(name)));
  if (missing.length > 0) throw new Error(`next actions without an operation: ${missing.join(", ")}`);
  return (surface, actions, repeatedFields = {}) =>
    actions.flatMap((action) => {
      if (surface === "mcp") return TOOL_ACTIONS.has(action.action) ? [renderToolAction(action)] : [];
      const id = surface === "gpt" ? GPT_OPERATIONS[action.action] : operationOf(action.action);
      const operation = id === undefined ? undefined : operations.get(id);
      if (operation === undefined) return [];
      const rendered = renderNextAction(operation, surface === "gpt" ? fitToGpt(operation, action) : action);
      const fields = Object.entries(repeatedFields).filter(([name]) => name in operation.input.shape);
      return [{ ...rendered, params: { ...rendered.params, ...Object.fromEntries(fields) } }];
    });
}

/** Direct payment is one operation, shared by all surfaces. */
function operationOf(action: string): string {
  if (action === "pay_directly") return "proxy_run";
  return SPONSOR_ACTIONS.has(action) ? `sponsor_${action}` : `agent_${action}`;
}

/** The action that an operation of agents or GPTs stands for. Where several lead to it, the last one; undefined: none does. */
export const agentActionOf = ({ id, surface }: Operation): AgentActionName | undefined =>
  AGENT_ACTIONS.findLast((name) => (surface === "gpt" ? GPT_OPERATIONS[name] : operationOf(name)) === id);

/**
 * The GPT operation of each action. An action without one is left out, such as `get_approval`: a GPT shows
 * the person the approval's link and code instead of polling.
 */
const GPT_OPERATIONS: Partial<Record<NextAction["action"], string>> = {
  auth: "gpt_auth",
  search_services: "gpt_search_services",
  get_task: "gpt_get_task",
  complete_task: "gpt_complete_task",
  run_service: "gpt_run_service",
  get_payment: "gpt_user_record",
  flow_status: "gpt_user_status",
  audit_history: "gpt_user_record",
  pay_directly: "proxy_run",
};

/**
 * Removes parameters that the GPT operation doesn't take: the core writes actions for agent operations. For
 * `auth` the parameter schema goes too, since it describes the agent's operation.
 */
function fitToGpt(operation: Operation, action: NextAction): NextAction {
  const known = Object.entries(action.params).filter(([name]) => name in operation.input.shape);
  const { paramsSchema: _agentSchema, ...withoutSchema } = action;
  const base = action.action === "auth" ? withoutSchema : action;
  return { ...base, params: Object.fromEntries(known) };
}

function renderNextAction(operation: Operation, action: NextAction): WireNextAction {
  const { action: name, path, params, paramsSchema, description } = action;
  // A path parameter that this operation's path doesn't have becomes a field.
  const inPath = Object.entries(path).filter(([param]) => operation.pathParams.includes(param));
  const asFields = Object.entries(path).filter(([param]) => !operation.pathParams.includes(param));
  return {
    action: name,
    method: operation.method,
    endpoint: fillIn(operation.path, new Map(inPath)),
    operation_id: operation.id,
    auth: WIRE_AUTH[operation.auth],
    params: { ...params, ...Object.fromEntries(asFields) },
    ...(paramsSchema !== undefined && { params_schema: paramsSchema }),
    description,
  };
}

/** A tool of MCP has the action's name, and takes everything as an argument. */
const renderToolAction = ({
  action,
  path,
  params,
  paramsSchema,
  description,
}: NextAction): WireNextAction => ({
  ...{ action, method: "POST", endpoint: "/mcp", operation_id: action, auth: "session" },
  params: { ...path, ...params },
  ...(paramsSchema !== undefined && { params_schema: paramsSchema }),
  description,
});

/** Next actions never name an administrator's operations, so `admin` doesn't occur. */
const WIRE_AUTH: Record<Auth, WireNextAction["auth"]> = {
  none: "none",
  x402: "x402",
  api_key: "api_key",
  session: "session",
  sponsor: "api_key",
  admin: "api_key",
};

/** Fills in path parameters. Each value stays one path segment: `a/b` becomes `a%2Fb`. */
function fillIn(template: string, path: ReadonlyMap<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_placeholder, param: string) => {
    const value = path.get(param);
    if (value === undefined) throw new Error(`next action for ${template} lacks ${param}`);
    return encodeURIComponent(value);
  });
}
