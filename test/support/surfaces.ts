import type { Body, NextAction, Send } from "../../src/demo/follow-next-actions.ts";
import { openingCall } from "../../src/demo/follow-next-actions.ts";
import { sendOverHttp, sessionTokenIn } from "../../src/demo/send-over-http.ts";
import type { GrantOfUser } from "./caller.ts";
import { signInPerson } from "./console-client.ts";
import { call, OPERATIONS } from "./call.ts";
import { signInWithGpt } from "./gpt.ts";
import type { Host, HostOptions } from "./mcp.ts";
import { HOSTS } from "./mcp.ts";
import { HandHost } from "./oauth-by-hand.ts";
import { Mailbox } from "./people.ts";
import type { World } from "./use-world.ts";

/** The surfaces by which an agent reaches Tollfree, each as what a follower of next actions needs. */

export interface SessionWish {
  budgetCents?: number;
  scopes?: unknown;
}

export interface Credentials {
  apiKey: string;
  session?: string | undefined;
}

export type SurfaceKind = "rest" | "trpc" | "gpt" | "mcp";

export interface Surface {
  name: string;
  kind: SurfaceKind;
  /** Its sessions are OAuth's: what ends one is answered by 401, for the host to sign its person in anew. */
  isWithOAuth?: boolean;
  /** The call by which an agent that has only its key begins. On MCP the host signs in. */
  opening: ((wish: Record<string, unknown>) => NextAction) | undefined;
  /** The call by which an agent with a session begins. */
  search: (session: string) => NextAction;
  /** Opens a session. Returns its token. */
  openSession(world: World, grant: GrantOfUser, wish: SessionWish): Promise<string>;
  connect(url: string, credentials: Credentials): Promise<{ send: Send; close: () => Promise<void> }>;
}

const DESCRIPTION = "Find services that a sponsor pays for.";
const searchOf = (surface: "agent" | "gpt", params: Record<string, unknown>): NextAction => ({
  ...{ action: "search_services", method: "GET", endpoint: `/${surface}/services` },
  ...{ operation_id: `${surface}_search_services`, auth: "session", params, description: DESCRIPTION },
});

const openAgentSession: Surface["openSession"] = async (world, grant, wish) =>
  (await world.openSession(grant, wish)).token;
const nothingToClose = (): Promise<void> => Promise.resolve();

const REST: Surface = {
  name: "REST",
  kind: "rest",
  opening: (wish) => openingCall(wish),
  search: () => searchOf("agent", {}),
  openSession: openAgentSession,
  connect: (url, { apiKey, session = "" }) =>
    Promise.resolve({ send: sendOverHttp(url, { apiKey, session }), close: nothingToClose }),
};

/** A GPT can't set headers of its own: its token is a field, as is how much it reads. */
const GPT: Surface = {
  name: "GPT, concise",
  kind: "gpt",
  opening: ({ user_id: _unknownToGpts, ...wish }) => openingCall(wish, "gpt"),
  search: (session) => searchOf("gpt", { session_token: session }),
  openSession: (world, grant, { budgetCents = 50, scopes }) =>
    signInWithGpt(world, grant, { budget_limit_cents: budgetCents, ...(scopes !== undefined && { scopes }) }),
  connect: (url, { apiKey, session }) =>
    Promise.resolve({ send: sendAsGpt(url, apiKey, session), close: nothingToClose }),
};

/** ChatGPT authenticates each call with the builder's key. A concise answer doesn't repeat the token. */
function sendAsGpt(url: string, apiKey: string, session: string | undefined): Send {
  const send = sendOverHttp(url, { apiKey, session: apiKey });
  let token = session;
  return async (action, fields) => {
    const own = action.operation_id === "gpt_auth" ? {} : { session_token: token, detail: "concise" };
    const answer = await send({ ...action, auth: "api_key" }, { ...withoutUndefined(own), ...fields });
    token = sessionTokenIn(answer.body) ?? token;
    return answer;
  };
}

const withoutUndefined = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const TRPC: Surface = { ...REST, name: "tRPC, concise", kind: "trpc", connect: connectTrpc };

const CONCISE = { "x-tollfree-detail": "concise" };

function connectTrpc(url: string, { apiKey, session }: Credentials): ReturnType<Surface["connect"]> {
  let token = session;
  const send: Send = async ({ action, operation_id = `agent_${action}`, endpoint, auth }, fields) => {
    const operation = OPERATIONS.find(({ id }) => id === operation_id);
    if (operation === undefined) throw new Error(`there is no operation ${operation_id}`);
    const inPath = paramsInPath(operation.path, operation.pathParams, endpoint);
    const credential = auth === "api_key" ? apiKey : token;
    const input = { ...inPath, ...fields };
    const { status, body } = await call(url, operation.name, input, credential, "trpc", CONCISE);
    token = sessionTokenIn(body as Body) ?? token;
    return { status, body: body as Body };
  };
  return Promise.resolve({ send, close: nothingToClose });
}

/** A next action names its path parameters in its endpoint only. */
function paramsInPath(path: string, names: readonly string[], endpoint: string): Record<string, string> {
  const match = new RegExp(`^${path.replace(/\{\w+\}/g, "([^/]+)")}$`).exec(endpoint);
  return Object.fromEntries(names.map((name, n) => [name, decodeURIComponent(match?.[n + 1] ?? "")]));
}

interface ToolAction {
  tool: string;
  params?: Record<string, unknown>;
  params_schema?: Record<string, unknown>;
  description?: string;
}

const toNextAction = ({ tool, ...action }: ToolAction): NextAction => ({
  ...{ action: tool, method: "POST", endpoint: tool, operation_id: tool, auth: "session" },
  ...action,
});

/** The mails of worlds whose people sign in to hosts. */
export const mailbox = new Mailbox();

/**
 * Has the grant's person sign in to a host of the grant's agent, and allow what the grant says already. Such a session is as wide as
 * its grant, so a narrower one is opened by the agent's key.
 */
async function openByOAuth(world: World, grant: GrantOfUser, wish: SessionWish): Promise<string> {
  if (Object.keys(wish).length > 0) return openAgentSession(world, grant, wish);
  const { user, ...allowed } = await world.db.grant.findUniqueOrThrow({
    where: { id: grant.grant_id },
    include: { budgetAccount: true, user: true },
  });
  const host = new HandHost(() => world.url);
  await host.request();
  await world.db.agent.update({ where: { id: grant.agent_id }, data: { oauthClientId: host.clientId } });
  const person = await signInPerson(world.url, mailbox, user.email ?? "");
  const { access_token } = await host.signIn(person, () => ({
    decision: "approve",
    scopes: {
      allowed_task_types: allowed.allowedTaskTypes,
      allowed_data_types: allowed.allowedDataTypes as never,
      allowed_categories: allowed.allowedCategories,
    },
    budget_limit_cents: Number(allowed.budgetAccount.limit / 10_000n),
    expires_at: allowed.expiresAt.toISOString(),
  }));
  return access_token;
}

/** Hosts of this line have OAuth's tokens, the others a session's. */
const WITH_OAUTH = "2.x, 2025-11-25";

const mcp = (client: string, connectHost: (options: HostOptions) => Promise<Host>): Surface => ({
  name: `MCP, ${client}${client === WITH_OAUTH ? ", with OAuth" : ""}`,
  kind: "mcp",
  isWithOAuth: client === WITH_OAUTH,
  opening: undefined,
  search: () => toNextAction({ tool: "search_services", params: {}, description: DESCRIPTION }),
  openSession: client === WITH_OAUTH ? openByOAuth : openAgentSession,
  async connect(url, { session }) {
    const host = await connectHost({ url: () => url, token: session });
    return { send: (action, fields) => callTool(host, action.action, fields), close: () => host.close() };
  },
});

const SIGNED_OUT = Symbol("signed out");

/** A client without a way to sign its person in throws on a 401. */
function signedOut(error: unknown): typeof SIGNED_OUT {
  if (error instanceof Error && /unauthorized|401/i.test(`${error.name} ${error.message}`)) return SIGNED_OUT;
  throw error;
}

/** A tool's answer as the envelope of the other surfaces: a refusal is the last text, as hosts show it to a model. */
async function callTool(host: Host, tool: string, fields: Record<string, unknown>): ReturnType<Send> {
  const called = await host.call(tool, fields).catch(signedOut);
  if (called === SIGNED_OUT)
    return { status: 401, body: { status: "error", error_code: "unauthorized", next_actions: [] } };
  const { isError, content, structured } = called;
  const answer = (isError ? JSON.parse(content.at(-1)?.text ?? "") : structured) as Record<string, unknown>;
  const { next_actions, ...data } = answer as { next_actions: ToolAction[] };
  const actions = next_actions.map(toNextAction);
  const body = (
    isError ? { ...data, next_actions: actions } : { status: "success", data, next_actions: actions }
  ) as Body;
  return { status: isError ? 400 : 200, body };
}

/** Every surface, and on MCP every client and revision. */
export const SURFACES: readonly Surface[] = [
  ...[REST, TRPC, GPT],
  ...HOSTS.map(([client, connectHost]) => mcp(client, connectHost)),
];
