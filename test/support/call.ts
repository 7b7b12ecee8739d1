import { createTRPCUntypedClient, httpLink } from "@trpc/client";
import { expect } from "vitest";
import type { Operation } from "../../src/api/operation/operations.ts";
import { listOperations } from "../../src/api/operation/operations.ts";
import { appRouter } from "../../src/api/router.ts";
import type { Answer } from "./server.ts";
import { refusal, rest } from "./server.ts";

/** The same call over either transport, so that one table of cases holds for both. */

export const TRANSPORTS = ["rest", "trpc"] as const;
export type Transport = (typeof TRANSPORTS)[number];

export const OPERATIONS: readonly Operation[] = [...listOperations(appRouter).values()];

/** Calls an operation by its tRPC path, such as `agent.getTask`. The answer's body is the envelope on either transport. */
export async function call(
  url: string,
  name: string,
  input: Record<string, unknown>,
  token?: string,
  transport: Transport = "rest",
  headers: Record<string, string> = {},
): Promise<Answer> {
  const operation = OPERATIONS.find((candidate) => candidate.name === name);
  if (operation === undefined) throw new Error(`there is no operation ${name}`);
  return transport === "rest"
    ? overRest(url, operation, input, token, headers)
    : overTrpc(url, operation, input, token, headers);
}

function overRest(
  url: string,
  { method, path, pathParams }: Operation,
  input: Record<string, unknown>,
  token: string | undefined,
  headers: Record<string, string>,
): Promise<Answer> {
  const filled = path.replace(/\{(\w+)\}/g, (_, param: string) => encodeURIComponent(String(input[param])));
  const fields = Object.entries(input).filter(([name]) => !pathParams.includes(name));
  const credential = { headers, ...(token !== undefined && { token }) };
  if (method !== "GET" && method !== "DELETE")
    return rest(url, method, filled, { ...credential, body: Object.fromEntries(fields) });
  const query = new URLSearchParams();
  for (const [name, value] of fields) for (const item of [value].flat()) query.append(name, String(item));
  return rest(url, method, query.size === 0 ? filled : `${filled}?${query.toString()}`, credential);
}

async function overTrpc(
  url: string,
  { name, type }: Operation,
  input: Record<string, unknown>,
  token: string | undefined,
  given: Record<string, string>,
): Promise<Answer> {
  const headers = { ...given, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const client = createTRPCUntypedClient({ links: [httpLink({ url: `${url}/trpc`, headers })] });
  let body: unknown;
  const refused = await refusal(
    (type === "query" ? client.query(name, input) : client.mutation(name, input)).then((data) => {
      body = data;
    }),
  ).catch((error: unknown) => {
    if (body === undefined) throw error;
    return undefined;
  });
  if (refused === undefined) return { status: 200, headers: new Headers(), body };
  const { code: _code, httpStatus, path: _path, ...envelope } = refused;
  return { status: httpStatus, headers: new Headers(), body: envelope };
}

/** Expects that a call was refused with this code. Returns its body. */
export function expectRefused(answer: Answer, status: number, code: string): Answer["body"] {
  expect(answer.body).toMatchObject({ status: "error", error_code: code });
  expect(answer.status).toBe(status);
  return answer.body;
}

/** Expects that a call needs the user's approval. Returns the id of the approval that it opened. */
export const expectApprovalNeeded = (
  answer: Answer,
  code: "consent_required" | "data_consent_required" | "budget_approval_required",
): string => String(expectRefused(answer, 403, code).details.approval_id);

/** Expects that a call succeeded. Returns its data. */
export function expectSuccess(answer: Answer): Answer["body"] {
  expect(answer.body).toMatchObject({ status: "success" });
  expect(answer.status).toBe(200);
  return answer.body.data;
}
