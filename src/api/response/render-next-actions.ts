import type { ActionName, NextAction } from "../../core/protocol/next-actions.ts";
import type { Auth, Surface } from "../operation/operation-meta.ts";
import type { Operation, Operations } from "../operation/operations.ts";
import type { WireNextAction } from "./envelope.ts";

export type RenderNextActions = (
  surface: Surface,
  actions: NextAction[],
  /** What the caller carries from call to call; filled in where an operation takes it. */
  carried?: Record<string, string>,
) => WireNextAction[];

/** Every action the core can name; the type makes the list complete. */
const ACTIONS = Object.keys({
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
} satisfies Record<ActionName, true>);

/**
 * Turns the core's next actions into calls a caller can make: the operations of the agent surface, or on the GPT
 * surface those of its own. A GPT has no operation for some actions; they are left out there.
 * @throws Error at start if the agent surface lacks an operation for an action
 */
export function createActionRenderer(operations: Operations): RenderNextActions {
  const missing = ACTIONS.filter((action) => !operations.has(agentOperation(action as ActionName)));
  if (missing.length > 0) throw new Error(`next actions without an agent operation: ${missing.join(", ")}`);
  return (surface, actions, carried = {}) =>
    actions.flatMap((action) => {
      const id = surface === "gpt" ? GPT_OPERATIONS[action.action] : agentOperation(action.action);
      const operation = id === undefined ? undefined : operations.get(id);
      if (operation === undefined) return [];
      const rendered = renderNextAction(operation, surface === "gpt" ? fitted(operation, action) : action);
      const fields = Object.entries(carried).filter(([name]) => name in operation.input.shape);
      return [{ ...rendered, params: { ...rendered.params, ...Object.fromEntries(fields) } }];
    });
}

/** Paying for oneself is the same operation for everybody. */
const agentOperation = (action: ActionName): string =>
  action === "pay_directly" ? "proxy_run" : `agent_${action}`;

/** How a GPT does it. What it has no call for is left out: decisions reach a person by link and code. */
const GPT_OPERATIONS: Partial<Record<ActionName, string>> = {
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

/** Actions are the agent's; of their fields a GPT's operation may know fewer, as signing in does. */
function fitted(operation: Operation, action: NextAction): NextAction {
  const known = Object.entries(action.params).filter(([name]) => name in operation.input.shape);
  const { paramsSchema: _ofTheAgents, ...rest } = action;
  const same = action.action === "auth" ? rest : action;
  return { ...same, params: Object.fromEntries(known) };
}

function renderNextAction(operation: Operation, action: NextAction): WireNextAction {
  const { action: name, path, params, paramsSchema, description } = action;
  // A parameter of the path is one of the fields where an operation's path doesn't have it.
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

/** Agents are never pointed at sponsor or admin operations, so those two don't occur. */
const WIRE_AUTH: Record<Auth, WireNextAction["auth"]> = {
  none: "none",
  x402: "x402",
  api_key: "api_key",
  session: "session",
  sponsor: "api_key",
  admin: "api_key",
};

/** Fills path parameters in, so that any value stays one segment: `a/b` becomes `a%2Fb`. */
function fillIn(template: string, path: ReadonlyMap<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_placeholder, param: string) => {
    const value = path.get(param);
    if (value === undefined) throw new Error(`next action for ${template} lacks ${param}`);
    return encodeURIComponent(value);
  });
}
