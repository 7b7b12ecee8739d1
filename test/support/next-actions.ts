import { expect } from "vitest";
import type { Operation } from "../../src/api/operation/operations.ts";
import type { Profile } from "../../src/demo/fill-schema.ts";
import { fillSchema } from "../../src/demo/fill-schema.ts";
import { OPERATIONS } from "./call.ts";
import type { Answer } from "./server.ts";
import { rest } from "./server.ts";

/** A next action as it is on the wire. */
export interface WireAction {
  action: string;
  method: string;
  endpoint: string;
  operation_id: string;
  auth: string;
  params: Record<string, unknown>;
  params_schema?: Record<string, unknown>;
  description: string;
}

/** Answers for the tests' tasks. */
export const PROFILE: Profile = {
  byName: { score: 4, data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false },
  byDataType: { region: "Minho" },
};

export const actionsOf = ({ body }: Answer): WireAction[] => body.next_actions as WireAction[];

/**
 * Expects that an action can be performed as it is: it names an operation of the router with its method, path and
 * credential. The operation accepts its params, together with the fields that its `params_schema` asks for.
 */
export function expectResolves(action: WireAction): void {
  const what = JSON.stringify(action);
  const operation = OPERATIONS.find(({ id }) => id === action.operation_id);
  if (operation === undefined) throw new Error(`there is no such operation: ${what}`);
  const isPaidFor = action.action === "pay_directly";
  expect(action.operation_id, what).toBe(isPaidFor ? "proxy_run" : `agent_${action.action}`);
  expect(action.method, what).toBe(operation.method);
  expect(action.auth, what).toBe(operation.auth);
  expect(action.description, what).toMatch(/\S.*\.$/);
  const inPath = paramsInPath(operation, action);
  // Each given field is valid by itself, and no field is both in the path and in the params.
  expectParses(operation.input.partial(), { ...inPath, ...action.params }, what);
  expect(
    Object.keys(action.params).filter((name) => name in inPath),
    what,
  ).toEqual([]);
  expectParses(operation.input, { ...inPath, ...paramsOf(action) }, what);
}

/** The params of an action. Missing ones are filled in from `PROFILE`. */
const paramsOf = ({ params, params_schema }: WireAction): Record<string, unknown> => ({
  ...(params_schema === undefined ? {} : (fillSchema(params_schema, PROFILE) as Record<string, unknown>)),
  ...params,
});

function paramsInPath({ path, pathParams }: Operation, { endpoint }: WireAction): Record<string, string> {
  const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, "([^/]+)")}$`);
  const match = pattern.exec(endpoint);
  expect(match, `${endpoint} against ${path}`).not.toBeNull();
  return Object.fromEntries(pathParams.map((name, i) => [name, decodeURIComponent(match?.[i + 1] ?? "")]));
}

function expectParses(schema: Operation["input"], input: unknown, what: string): void {
  const { error } = schema.safeParse(input);
  expect(error?.issues ?? [], what).toEqual([]);
}

/** Performs an action with only what the action says. */
export function perform(
  url: string,
  action: WireAction,
  credentials: { session: string; apiKey: string },
): Promise<Answer> {
  const { method, endpoint, auth } = action;
  const params = paramsOf(action);
  if (auth === "x402") return rest(url, method, endpoint, { body: params }); // the answer is 402 with the price
  const token = auth === "api_key" ? credentials.apiKey : credentials.session;
  if (method !== "GET") return rest(url, method, endpoint, { token, body: params });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    for (const item of [value].flat()) query.append(name, String(item));
  return rest(url, method, query.size === 0 ? endpoint : `${endpoint}?${query.toString()}`, { token });
}
