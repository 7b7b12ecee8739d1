import { USUAL_DESCRIPTIONS } from "../../../core/protocol/next-actions.ts";
import { SPONSORED } from "../../../core/protocol/object-schema.ts";
import type { WireNextAction } from "../envelope.ts";
import type { Fields } from "./fields.ts";
import { isObject } from "./fields.ts";

/** A next action without what its operation says about itself. What is left out has its usual value. */
export type ConciseAction = Pick<WireNextAction, "action" | "endpoint"> & Partial<WireNextAction>;

export function conciseAction(action: WireNextAction): ConciseAction {
  const { action: name, endpoint, method, operation_id, auth, params, params_schema, description } = action;
  // A GPT's token is in the call that is answered.
  const { session_token: _known, ...news } = params;
  return {
    action: name,
    ...(method !== "GET" && { method }),
    endpoint,
    ...(operation_id !== `agent_${name}` && { operation_id }),
    ...(auth !== "session" && { auth }),
    ...(Object.keys(news).length > 0 && { params: news }),
    ...(params_schema !== undefined && { params_schema: withoutWords(params_schema) }),
    ...(description !== USUAL_DESCRIPTIONS[name] && { description }),
  };
}

/** The operation describes our own parameters, and refuses others. The sponsor's part stays as it is. */
function withoutWords({ description: _known, additionalProperties: _checked, ...schema }: Fields): Fields {
  const { properties } = schema;
  if (!isObject(properties)) return schema;
  const short = Object.entries(properties).map(([name, part]) => [
    name,
    isObject(part) && !(SPONSORED in part) ? withoutWords(part) : part,
  ]);
  return { ...schema, properties: Object.fromEntries(short) as Fields };
}
