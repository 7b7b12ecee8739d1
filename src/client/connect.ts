import type { OnApproval } from "./approvals.ts";
import { createApprovals } from "./approvals.ts";
import { TollfreeError } from "./errors.ts";
import type { TollfreeApi } from "./procedures.ts";
import { callOptions, createProcedures } from "./procedures.ts";
import type { RetryPolicy } from "./retry.ts";
import { withRetries } from "./retry.ts";
import type { RunOptions, RunResult } from "./run.ts";
import { run } from "./run.ts";
import { SessionKeeper } from "./session.ts";
import type { OnTask } from "./tasks.ts";
import type { Call, TransportOptions } from "./transport.ts";
import { createTransport } from "./transport.ts";
import type {
  FlowStatus,
  OpenedSession,
  RequestedScopes,
  SearchFilters,
  SearchResult,
  ServiceInput,
} from "./types.ts";

/** What only a person can do. Without a hook, calls that need it fail with the server's error. */
export interface Hooks {
  onApproval?: OnApproval;
  onTask?: OnTask;
}

export interface ConnectOptions extends TransportOptions {
  /** The agent's key, `tf_ak_…`. */
  apiKey: string;
  /** The person the agent acts for: `agent.userId` of an earlier connection. Default: the person is asked. */
  userId?: string | undefined;
  /** What the session may do. Default for each list: all that the person grants. */
  scopes?: Partial<RequestedScopes> | undefined;
  /** The most that sponsors may spend in this session. Default 100. */
  budgetLimitCents?: number | undefined;
  /** Default: as long as the grant allows, but at most one day. */
  expiresInSeconds?: number | undefined;
  hooks?: Hooks | undefined;
  retry?: RetryPolicy | undefined;
  /** Aborts connecting. Later calls of the agent take their own signals. */
  signal?: AbortSignal | undefined;
}

export interface Agent {
  /**
   * The person the agent acts for. Only this agent knows them by this id. Store it for the next connection.
   */
  readonly userId: string;
  /** The current session. The agent opens a new one when it expires or has to be wider. */
  readonly session: Omit<OpenedSession, "session_token">;
  /** All procedures, called with the session's token. */
  readonly api: TollfreeApi;
  /**
   * Runs a service at a sponsor's expense. Plans the run, gets the task and the approvals from the person,
   * and waits for the output.
   *
   * @example
   * const { output } = await agent.run("daylight", { latitude: 38.72, longitude: -9.14 });
   */
  run(service: string, input?: ServiceInput, options?: RunOptions): Promise<RunResult>;
  /** The output is what `parse` returns. Pass a schema's `parse` function, such as Zod's. */
  run<Output>(
    service: string,
    input: ServiceInput,
    options: RunOptions & { parse: (output: unknown) => Output },
  ): Promise<RunResult<Output>>;
  /** Searches the services that sponsors would pay for, best first. */
  search(filters?: SearchFilters, options?: { signal?: AbortSignal }): Promise<SearchResult>;
  /** Budget, completed tasks, services ready to run, pending payments and open approvals. */
  status(options?: { signal?: AbortSignal }): Promise<FlowStatus>;
  /** Ends the session. Pending payments go on. */
  revoke(): Promise<void>;
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
  const { apiKey, hooks = {}, retry = {}, signal } = options;
  const transport = createTransport(options);
  const keyApi = createProcedures((call) => withRetries(retry, call, () => transport(call, apiKey)));
  const approvals = createApprovals(keyApi, hooks.onApproval);
  const request = {
    scopes: { ...EVERYTHING, ...options.scopes },
    budget_limit_cents: options.budgetLimitCents ?? DEFAULT_BUDGET_CENTS,
    ...(options.userId !== undefined && { user_id: options.userId }),
    ...(options.expiresInSeconds !== undefined && { expires_in_seconds: options.expiresInSeconds }),
  };
  const session = await SessionKeeper.open(keyApi, approvals, request, signal);

  const inSession = async (call: Call): Promise<unknown> => {
    if (AGENT_KEY_CALLS.has(call.path)) return transport(call, apiKey);
    const { token } = session;
    try {
      return await transport(call, token);
    } catch (error) {
      if (!(error instanceof TollfreeError) || error.code !== "session_expired") throw error;
      await session.renew(token, call.signal);
      return transport(call, session.token);
    }
  };
  const api = createProcedures((call) => withRetries(retry, call, () => inSession(call)));
  const ctx = { api, approvals, session, onTask: hooks.onTask, attempts: new Map<string, Promise<void>>() };

  return {
    get userId() {
      return session.current.user_id;
    },
    get session() {
      return session.current;
    },
    api,
    async run(
      service: string,
      input: ServiceInput = {},
      { parse, ...rest }: RunOptions & { parse?: (output: unknown) => unknown } = {},
    ) {
      const result = await run(ctx, service, input, rest);
      return parse === undefined ? result : { ...result, output: parse(result.output) };
    },
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
