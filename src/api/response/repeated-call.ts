import type { NextAction } from "../../core/protocol/next-actions.ts";
import { next } from "../../core/protocol/next-actions.ts";
import type { Operation } from "../operation/operations.ts";
import { plainJsonSchema } from "../operation/plain-json-schema.ts";
import { agentActionOf } from "./render-next-actions.ts";

const DESCRIPTION = "Send the call again, with the fields put right that `field_errors` names.";

/** Fields that come with every call of a GPT and a tool. */
const REPEATED_FIELDS = ["session_token", "detail"];

/**
 * The same call again, with the schema of its fields: what leads on from an input that was refused. Values are not repeated, since they
 * can be personal data. An operation that isn't an action leads to the flow status instead.
 * @param input what was sent, as far as it could be read
 * @returns no action for sponsors, administrators and people
 */
export function repeatedCall(operation: Operation, input: unknown): NextAction[] {
  if (operation.surface !== "agent" && operation.surface !== "gpt") return [];
  const action = agentActionOf(operation);
  if (action === undefined) return [next.flowStatus()];
  // Its own schema has defaults, for agents that know no better.
  if (action === "auth") return [{ ...next.auth(), description: DESCRIPTION }];
  const sent = typeof input === "object" && input !== null ? (input as Record<string, unknown>) : {};
  const path = Object.fromEntries(operation.pathParams.map((name) => [name, sent[name]]));
  // Without its path, the call can't be named.
  if (Object.values(path).some((value) => typeof value !== "string" || value === ""))
    return [next.searchServices(), next.flowStatus()];
  const paramsSchema = schemaOf(operation);
  // The compiler can't tell that the operation of an action has the path that the action names.
  return [{ action, path, params: {}, paramsSchema, description: DESCRIPTION } as unknown as NextAction];
}

/** Making a schema takes a millisecond, and a refused input costs its sender nothing. */
const schemas = new WeakMap<Operation, Record<string, unknown>>();

function schemaOf(operation: Operation): Record<string, unknown> {
  const made = schemas.get(operation);
  if (made !== undefined) return made;
  const {
    properties = {},
    required = [],
    ...rest
  } = plainJsonSchema(operation.input, "input") as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  const known = [...operation.pathParams, ...REPEATED_FIELDS];
  const isAsked = (name: string): boolean => !known.includes(name);
  const schema = {
    ...rest,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => isAsked(name))),
    required: required.filter(isAsked),
  };
  schemas.set(operation, schema);
  return schema;
}
