import type { OnApproval } from "./approvals.ts";
import { createApprovals } from "./approvals.ts";
import { TollfreeError } from "./errors.ts";
import type { TollfreeApi } from "./procedures.ts";
import { aborting, createProcedures } from "./procedures.ts";
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

/** What only a person can do. Without a hook, what would need it is refused with the server's error. */
export interface Hooks {
  onApproval?: OnApproval;
  onTask?: OnTask;
}

export interface ConnectOptions extends TransportOptions {
  /** The agent's key, `tf_ak_…`. */
  apiKey: string;
  /** Whom the agent acts for: `agent.userId` of an earlier connection. Left out, the person is asked. */
  userId?: string | undefined;
  /** What the session may do; what is left out is all that the person grants. */
  scopes?: Partial<RequestedScopes> | undefined;
  /** The most the session may cost, at sponsors' expense. Default 100. */
  budgetLimitCents?: number | undefined;
  /** Default: as long as the grant allows, at most a day. */
  expiresInSeconds?: number | undefined;
  hooks?: Hooks | undefined;
  retry?: RetryPolicy | undefined;
  /** Gives up connecting; what the agent does later takes signals of its own. */
  signal?: AbortSignal | undefined;
}

export interface Agent {
  /** Whom the agent acts for, under a name that is only between the two. Keep it for the next connection. */
  readonly userId: string;
  /** The session as it stands: it is opened anew when it expires, or has to be wider. */
  readonly session: Omit<OpenedSession, "session_token">;
  /** Every procedure, with the session attached. */
  readonly api: TollfreeApi;
  /**
   * Runs a service at a sponsor's expense: plans it, gets the task done and the approvals given, and waits for the
   * output.
   *
   * @example
   * const { output } = await agent.run("daylight", { latitude: 38.72, longitude: -9.14 });
   */
  run(service: string, input?: ServiceInput, options?: RunOptions): Promise<RunResult>;
  /** With `parse`, the output has the type it returns: pass a schema's, such as Zod's. */
  run<Output>(
    service: string,
    input: ServiceInput,
    options: RunOptions & { parse: (output: unknown) => Output },
  ): Promise<RunResult<Output>>;
  /** What sponsors would pay for, best first. */
  search(filters?: SearchFilters, options?: { signal?: AbortSignal }): Promise<SearchResult>;
  /** The whole picture: budget, completed tasks, what is ready, pending or open. */
  status(options?: { signal?: AbortSignal }): Promise<FlowStatus>;
  /** Ends the session. Payments under way go on. */
  revoke(): Promise<void>;
}

const EVERYTHING: RequestedScopes = {
  allowed_task_types: ["*"],
  allowed_data_types: ["*"],
  allowed_categories: ["*"],
};
const DEFAULT_BUDGET_CENTS = 100;

/**
 * Connects an agent to Tollfree, acting for one person. On first contact, and whenever their grant doesn't cover
 * what is asked, the person is shown a link and a code through `hooks.onApproval`, and this waits for their answer.
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
 * @throws TollfreeError `consent_required` without a hook, `approval_denied`, `approval_expired`
 */
export async function connect(options: ConnectOptions): Promise<Agent> {
  const { apiKey, hooks = {}, retry = {}, signal } = options;
  const transport = createTransport(options);
  const keyed = createProcedures((call) => withRetries(retry, call, () => transport(call, apiKey)));
  const approvals = createApprovals(keyed, hooks.onApproval);
  const request = {
    scopes: { ...EVERYTHING, ...options.scopes },
    budget_limit_cents: options.budgetLimitCents ?? DEFAULT_BUDGET_CENTS,
    ...(options.userId !== undefined && { user_id: options.userId }),
    ...(options.expiresInSeconds !== undefined && { expires_in_seconds: options.expiresInSeconds }),
  };
  const session = await SessionKeeper.open(keyed, approvals, request, signal);

  const inSession = async (call: Call): Promise<unknown> => {
    if (TAKES_KEY.has(call.path)) return transport(call, apiKey);
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
      (await api.agent.searchServices.query(filters, aborting(aborted))).data,
    status: async ({ signal: aborted }: { signal?: AbortSignal } = {}) =>
      (await api.agent.flowStatus.query(undefined, aborting(aborted))).data,
    revoke: () =>
      session.end((token) => {
        const call: Call = { path: "agent.revokeSession", type: "mutation", input: {} };
        return withRetries(retry, call, () => transport(call, token));
      }),
  };
}

/** What is called with the agent's key, as there may be no session yet. */
const TAKES_KEY: ReadonlySet<string> = new Set(["agent.auth", "agent.getApproval"]);

/**
 * Every procedure with one credential of any kind, for what isn't an agent's: a sponsor's `tf_sk_…`, say. Retries
 * as an agent does, but keeps no session.
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
