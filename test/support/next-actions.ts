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

export const actionsOf = ({ body }: Answer): WireAction[] => body.next_actions as WireAction[];

/**
 * That an action can be done as it stands: it names an operation of the router, at its method, path and
 * credential, and its params, together with whatever its schema asks for besides, are what that operation takes.
 */
export function expectResolves(action: WireAction, profile: Profile): void {
  const what = JSON.stringify(action);
  const operation = OPERATIONS.find(({ id }) => id === action.operation_id);
  if (operation === undefined) throw new Error(`there is no such operation: ${what}`);
  const isPaidFor = action.action === "pay_directly";
  expect(action.operation_id, what).toBe(isPaidFor ? "proxy_run" : `agent_${action.action}`);
  expect(action.method, what).toBe(operation.method);
  expect(action.auth, what).toBe(operation.auth);
  expect(action.description, what).toMatch(/\S.*\.$/);
  const inPath = paramsInPath(operation, action);
  // Each field that is known is right by itself, and no field stands in two places.
  expectParses(operation.input.partial(), { ...inPath, ...action.params }, what);
  expect(
    Object.keys(action.params).filter((name) => name in inPath),
    what,
  ).toEqual([]);
  expectParses(operation.input, { ...inPath, ...paramsOf(action, profile) }, what);
}

/** The params of an action, with what is missing filled in from the profile. */
const paramsOf = ({ params, params_schema }: WireAction, profile: Profile): Record<string, unknown> => ({
  ...(params_schema === undefined ? {} : (fillSchema(params_schema, profile) as Record<string, unknown>)),
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

/** Does what an action says, knowing nothing but what it says. */
export function perform(
  url: string,
  action: WireAction,
  profile: Profile,
  credentials: { session: string; apiKey: string },
): Promise<Answer> {
  const { method, endpoint, auth } = action;
  const params = paramsOf(action, profile);
  if (auth === "x402") return rest(url, method, endpoint, { body: params }); // answered with what it costs
  const token = auth === "api_key" ? credentials.apiKey : credentials.session;
  if (method !== "GET") return rest(url, method, endpoint, { token, body: params });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    for (const item of [value].flat()) query.append(name, String(item));
  return rest(url, method, query.size === 0 ? endpoint : `${endpoint}?${query.toString()}`, { token });
}
