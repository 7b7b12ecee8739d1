import type { ActionName, NextAction } from "../core/next-actions.ts";
import type { WireNextAction } from "./envelope.ts";
import type { Auth, Surface } from "./operation-meta.ts";
import type { Operation, Operations } from "./operations.ts";

export type RenderNextActions = (surface: Surface, actions: NextAction[]) => WireNextAction[];

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
} satisfies Record<ActionName, true>);

/**
 * Turns the core's next actions into calls a caller can make: the operations of the agent surface, or on the GPT
 * surface those of its own. A GPT has no operation for some actions; they are left out there.
 * @throws Error at start if the agent surface lacks an operation for an action
 */
export function createActionRenderer(operations: Operations): RenderNextActions {
  const missing = ACTIONS.filter((action) => !operations.has(`agent_${action}`));
  if (missing.length > 0) throw new Error(`next actions without an agent operation: ${missing.join(", ")}`);
  return (surface, actions) =>
    actions.flatMap((action) => {
      const operation = operations.get(`${surface === "gpt" ? "gpt" : "agent"}_${action.action}`);
      return operation === undefined ? [] : [renderNextAction(operation, action)];
    });
}

function renderNextAction(operation: Operation, action: NextAction): WireNextAction {
  const { action: name, path, params, paramsSchema, description } = action;
  return {
    action: name,
    method: operation.method,
    endpoint: fillIn(operation.path, new Map(Object.entries(path))),
    operation_id: operation.id,
    auth: WIRE_AUTH[operation.auth],
    params,
    ...(paramsSchema !== undefined && { params_schema: paramsSchema }),
    description,
  };
}

/** Agents are never pointed at sponsor or admin operations, so those two don't occur. */
const WIRE_AUTH: Record<Auth, WireNextAction["auth"]> = {
  none: "none",
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
