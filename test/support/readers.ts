import { OPERATIONS } from "./call.ts";
import type { Caller, GrantOfUser } from "./caller.ts";
import { signInWithGpt } from "./gpt.ts";
import { connectNew, connectOld } from "./mcp.ts";

/** Every way by which a language model reads our answers. */

/** What one call shows to the model: the answer's whole text, and what it says to do next. */
export interface Read {
  text: string;
  isRefused: boolean;
  data: Record<string, unknown>;
  error: Record<string, unknown> | undefined;
  actions: Record<string, unknown>[];
}

export interface ReadingAgent {
  name: string;
  /** @param verb the operation's name without its surface, such as `get_task` */
  call(verb: string, input?: Record<string, unknown>): Promise<Read>;
  close(): Promise<void>;
}

const QUIET = { "x-tollfree-quiet": "1" };

function readOf(
  text: string,
  status: number,
  unpack: (body: Record<string, unknown>) => Record<string, unknown>,
): Read {
  const body = unpack(JSON.parse(text) as Record<string, unknown>);
  const isRefused = status >= 400;
  const data = (isRefused ? {} : (body["data"] ?? body)) as Record<string, unknown>;
  return {
    ...{ text, isRefused, data, error: isRefused ? body : undefined },
    actions: (body["next_actions"] ?? []) as Record<string, unknown>[],
  };
}

/** Over REST: of the agent surface, or of GPTs. */
function overRest(
  caller: Caller,
  surface: "agent" | "gpt",
  token: string,
  headers: object,
): ReadingAgent["call"] {
  return async (verb, input = {}) => {
    const operation = OPERATIONS.find(({ id }) => id === `${surface}_${verb}`);
    if (operation === undefined) throw new Error(`there is no ${surface}_${verb}`);
    const { method, path, pathParams } = operation;
    const filled = path.replace(/\{(\w+)\}/g, (_, param: string) => encodeURIComponent(String(input[param])));
    const fields = Object.entries(input).filter(([name]) => !pathParams.includes(name));
    const isQuery = method === "GET" || method === "DELETE";
    const query = new URLSearchParams(
      isQuery ? fields.map(([name, value]): [string, string] => [name, String(value)]) : [],
    );
    const answer = await fetch(`${caller.url}${filled}${query.size === 0 ? "" : `?${query.toString()}`}`, {
      method,
      headers: { ...headers, authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(!isQuery && { body: JSON.stringify(Object.fromEntries(fields)) }),
    });
    return readOf(await answer.text(), answer.status, (body) => body);
  };
}

function overTrpc(caller: Caller, token: string): ReadingAgent["call"] {
  return async (verb, input = {}) => {
    const operation = OPERATIONS.find(({ id }) => id === `agent_${verb}`);
    if (operation === undefined) throw new Error(`there is no agent_${verb}`);
    const answer = await fetch(`${caller.url}/trpc/${operation.name}`, {
      method: "POST",
      headers: { ...QUIET, authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(input),
    });
    return readOf(await answer.text(), answer.status, (body) => {
      const { result, error } = body as { result?: { data: object }; error?: { data: object } };
      return (result ?? error)?.data as Record<string, unknown>;
    });
  };
}

async function overMcp(
  caller: Caller,
  token: string,
  connect: ReturnType<typeof connectNew>,
  detail: object,
): Promise<Omit<ReadingAgent, "name">> {
  const host = await connect({ url: () => caller.url, token });
  return {
    async call(verb, input = {}) {
      const answer = await host.call(verb, { ...input, ...detail });
      const body = JSON.parse(answer.content.at(-1)?.text ?? "{}") as Record<string, unknown>;
      return {
        ...{ text: JSON.stringify(answer), isRefused: answer.isError, data: answer.isError ? {} : body },
        error: answer.isError ? body : undefined,
        actions: (body["next_actions"] ?? []) as Record<string, unknown>[],
      };
    },
    close: () => host.close(),
  };
}

/** An agent on each surface, whose answers are to be quiet, and one that reads everything. All act under one grant. */
export async function readingAgents(
  caller: Caller,
  grant: GrantOfUser,
): Promise<{ quiet: ReadingAgent[]; loud: ReadingAgent }> {
  const { token } = await caller.openSession(grant);
  const gpt = await signInWithGpt(caller, grant, { budget_limit_cents: 30 });
  const close = (): Promise<void> => Promise.resolve();
  return {
    quiet: [
      { name: "REST", call: overRest(caller, "agent", token, QUIET), close },
      { name: "tRPC", call: overTrpc(caller, token), close },
      { name: "GPT", call: overRest(caller, "gpt", gpt, {}), close },
      {
        name: "MCP of 2026",
        ...(await overMcp(caller, token, connectNew("2026-07-28"), { detail: "full" })),
      },
      { name: "MCP of 2025", ...(await overMcp(caller, token, connectOld, {})) },
    ],
    loud: { name: "REST, loud", call: overRest(caller, "agent", token, {}), close },
  };
}
