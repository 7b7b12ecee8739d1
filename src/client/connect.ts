import type { Agent } from "./agent.ts";
import type { Approvals, OnApproval } from "./approvals.ts";
import { createApprovals } from "./approvals.ts";
import type { DirectResult, PaidFetch } from "./direct.ts";
import { mayPayDirectly, payDirectly } from "./direct.ts";
import { TollfreeError } from "./errors.ts";
import { sendAction, toCall } from "./follow.ts";
import type { TollfreeApi } from "./procedures.ts";
import { callOptions, createProcedures } from "./procedures.ts";
import type { OnProgress } from "./progress.ts";
import { reportApprovals, reportTo } from "./progress.ts";
import type { RetryPolicy } from "./retry.ts";
import { withRetries } from "./retry.ts";
import type { RunOptions, RunResult } from "./run.ts";
import { run } from "./run.ts";
import type { SavedSession } from "./session.ts";
import { SessionKeeper } from "./session.ts";
import type { OnTask } from "./tasks.ts";
import type { Call, TransportOptions } from "./transport.ts";
import { baseOf, createTransport, senderOf } from "./transport.ts";
import type { NextAction, RequestedScopes, SearchFilters, ServiceInput } from "./types.ts";

/** What only a person can do. Without a hook, calls that need it fail with the server's error. */
export interface Hooks {
  onApproval?: OnApproval;
  onTask?: OnTask;
  /** Is told what connecting and all runs are doing. */
  onProgress?: OnProgress;
}

/** What a connection and a resumed session have in common. */
interface AgentOptions extends TransportOptions {
  /** The agent's key, `tf_ak_…`. */
  apiKey: string;
  hooks?: Hooks | undefined;
  retry?: RetryPolicy | undefined;
  /** For each new session. Default: as long as the grant allows, but at most one day. */
  expiresInSeconds?: number | undefined;
}

export interface ResumeOptions extends AgentOptions {
  session: SavedSession;
}

export interface ConnectOptions extends AgentOptions {
  /** The person the agent acts for: `agent.userId` of an earlier connection. Default: the person is asked. */
  userId?: string | undefined;
  /** What the session may do. Default for each list: all that the person grants. */
  scopes?: Partial<RequestedScopes> | undefined;
  /** The most that sponsors may spend in this session. Default 100. */
  budgetLimitCents?: number | undefined;
  /** Aborts connecting. Later calls of the agent take their own signals. */
  signal?: AbortSignal | undefined;
}

const EVERYTHING: RequestedScopes = {
  allowed_task_types: ["*"],
  allowed_data_types: ["*"],
  allowed_categories: ["*"],
};
const DEFAULT_BUDGET_CENTS = 100;

/**
 * Connects an agent that acts for one person. If the person has no grant for this agent, or the grant doesn't
 * cover what is asked, `hooks.onApproval` shows them a link and a code, and `connect` waits for their
 * decision.
 *
 * @example
 * const agent = await connect({
 *   url: "https://tollfree.example",
 *   apiKey,
 *   hooks: {
 *     onApproval: ({ approvalUrl, userCode }) => show(`Please open ${approvalUrl} and enter ${userCode}`),
 *     onTask: ({ task, schema, purpose }) => askPerson(task, schema, purpose),
 *   },
 * });
 * const { output } = await agent.run("daylight", { latitude: 38.72, longitude: -9.14 });
 * @throws TollfreeError `consent_required` if there is no `onApproval` hook, `approval_denied`,
 *   `approval_expired`
 */
export async function connect(options: ConnectOptions): Promise<Agent> {
  const { keyApi, approvals } = keyCallsOf(options);
  const request = {
    scopes: { ...EVERYTHING, ...options.scopes },
    budget_limit_cents: options.budgetLimitCents ?? DEFAULT_BUDGET_CENTS,
    ...(options.userId !== undefined && { user_id: options.userId }),
    ...(options.expiresInSeconds !== undefined && { expires_in_seconds: options.expiresInSeconds }),
  };
  const asking = reportApprovals(approvals, reportTo(options.hooks?.onProgress));
  const session = await SessionKeeper.open(keyApi, asking, request, options.signal);
  return createAgent(options, approvals, session);
}

/**
 * Goes on with a session that `agent.saveSession()` returned, or `POST /agent/auth`. Calls nothing and opens no new
 * session; the first call finds out whether the session is still good.
 *
 * @example const agent = resume({ url, apiKey, session: JSON.parse(saved), hooks });
 */
export function resume(options: ResumeOptions): Agent {
  const { keyApi, approvals } = keyCallsOf(options);
  const asking = reportApprovals(approvals, reportTo(options.hooks?.onProgress));
  const session = SessionKeeper.resume(keyApi, asking, options.expiresInSeconds, options.session);
  return createAgent(options, approvals, session);
}

/** What is called with the agent's key: procedures without a session, and questions to the person. */
function keyCallsOf(options: ResumeOptions | ConnectOptions): { keyApi: TollfreeApi; approvals: Approvals } {
  const { apiKey, hooks = {}, retry = {} } = options;
  const transport = createTransport(options);
  const keyApi = createProcedures((call) => withRetries(retry, call, () => transport(call, apiKey)));
  return { keyApi, approvals: createApprovals(keyApi, hooks.onApproval) };
}

function createAgent(
  options: ResumeOptions | ConnectOptions,
  approvals: Approvals,
  session: SessionKeeper,
): Agent {
  const { apiKey, hooks = {}, retry = {} } = options;
  const transport = createTransport(options);
  const sender = { base: baseOf(options), ...senderOf(options) };

  /** Sends with the session's token. If the session has expired, opens a new one and sends again. */
  const inSession = async <Answer>(call: Call, send: (token: string) => Promise<Answer>): Promise<Answer> => {
    const { token } = session;
    try {
      return await send(token);
    } catch (error) {
      if (!(error instanceof TollfreeError) || error.code !== "session_expired") throw error;
      await session.renew(token, call.signal);
      return send(session.token);
    }
  };
  const sendCall = (call: Call): Promise<unknown> =>
    AGENT_KEY_CALLS.has(call.path)
      ? transport(call, apiKey)
      : inSession(call, (token) => transport(call, token));
  const api = createProcedures((call) => withRetries(retry, call, () => sendCall(call)));
  const attempts = new Map<string, Promise<void>>();

  return {
    get userId() {
      return session.current.user_id;
    },
    get session() {
      return session.current;
    },
    api,
    run: (async (
      service: string,
      input: ServiceInput = {},
      {
        parse = (output) => output,
        payWith,
        onProgress,
        ...rest
      }: RunOptions & { parse?: (output: unknown) => unknown; payWith?: PaidFetch } = {},
    ) => {
      const report = reportTo(hooks.onProgress, onProgress);
      const asking = reportApprovals(approvals, report);
      const ctx = { api, approvals: asking, session, onTask: hooks.onTask, attempts, report };
      let result: RunResult | DirectResult;
      try {
        result = await run(ctx, service, input, rest);
      } catch (refusal) {
        if (payWith === undefined || !mayPayDirectly(refusal)) throw refusal;
        report({ type: "paying_directly", service });
        result = await payDirectly(sender.base, { service, input, refusal }, payWith, rest.signal);
        report({ type: "delivered_directly", service });
      }
      return { ...result, output: parse(result.output) };
    }) as Agent["run"], // only a call with `payWith` can have a result that the caller paid for
    follow: (action: NextAction, given: Record<string, unknown> = {}, { signal } = {}) => {
      const call = toCall(action, given, signal);
      const send = (token?: string) => sendAction(sender, action, call, token);
      return withRetries(retry, call, () => {
        if (action.auth === "session") return inSession(call, send);
        return action.auth === "api_key" ? send(apiKey) : send();
      });
    },
    saveSession: () => session.save(),
    search: async (filters: SearchFilters = {}, { signal: aborted }: { signal?: AbortSignal } = {}) =>
      (await api.agent.searchServices.query(filters, callOptions(aborted))).data,
    status: async ({ signal: aborted }: { signal?: AbortSignal } = {}) =>
      (await api.agent.flowStatus.query(undefined, callOptions(aborted))).data,
    revoke: () =>
      session.end((token) => {
        const call: Call = { path: "agent.revokeSession", type: "mutation", input: {} };
        return withRetries(retry, call, () => transport(call, token));
      }),
  };
}

/** Procedures that are called with the agent's key, because there may be no session yet. */
const AGENT_KEY_CALLS: ReadonlySet<string> = new Set(["agent.auth", "agent.getApproval"]);

/**
 * Creates the procedures with one fixed credential, such as a sponsor's key `tf_sk_…`. Retries calls as an
 * agent does, but opens no session.
 *
 * @example const api = createApi({ url, token: sponsorKey });
 */
export function createApi(
  options: TransportOptions & { token: string; retry?: RetryPolicy | undefined },
): TollfreeApi {
  const { token, retry = {} } = options;
  const transport = createTransport(options);
  return createProcedures((call) => withRetries(retry, call, () => transport(call, token)));
}
