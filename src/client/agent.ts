import type { DirectResult, PaidFetch } from "./direct.ts";
import type { Followed } from "./follow.ts";
import type { TollfreeApi } from "./procedures.ts";
import type { RunOptions, RunResult } from "./run.ts";
import type { SavedSession } from "./session.ts";
import type {
  FlowStatus,
  NextAction,
  OpenedSession,
  SearchFilters,
  SearchResult,
  ServiceInput,
} from "./types.ts";

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
   * If no sponsor pays, the caller does: `payWith` is called once, and only after the run was refused as
   * `no_sponsor`, `sponsor_budget_exhausted` or `user_cap_reached`. A run never has two payers.
   */
  run<Output = unknown>(
    service: string,
    input: ServiceInput,
    options: RunOptions & { payWith: PaidFetch; parse?: (output: unknown) => Output },
  ): Promise<RunResult<Output> | DirectResult<Output>>;
  /** The output is what `parse` returns. Pass a schema's `parse` function, such as Zod's. */
  run<Output>(
    service: string,
    input: ServiceInput,
    options: RunOptions & { parse: (output: unknown) => Output },
  ): Promise<RunResult<Output>>;
  /**
   * Runs a service at a sponsor's expense. Plans the run, gets the task and the approvals from the person,
   * and waits for the output.
   *
   * @example
   * const { output } = await agent.run("daylight", { latitude: 38.72, longitude: -9.14 });
   */
  run(service: string, input?: ServiceInput, options?: RunOptions): Promise<RunResult>;
  /** Searches the services that sponsors would pay for, best first. */
  search(filters?: SearchFilters, options?: { signal?: AbortSignal }): Promise<SearchResult>;
  /** Budget, completed tasks, services ready to run, pending payments and open approvals. */
  status(options?: { signal?: AbortSignal }): Promise<FlowStatus>;
  /**
   * Performs one next action of any answer, with its own credential. Asks the person nothing.
   *
   * @param given fields that the action leaves open, such as a run's `input`. They replace the action's own
   * @throws TollfreeError the server's refusal; it has next actions too
   */
  follow(
    action: NextAction,
    given?: Record<string, unknown>,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Followed>;
  /** The session with its tokens, to `resume` it later. Keep it secret. */
  saveSession(): SavedSession;
  /** Ends the session. Pending payments go on. */
  revoke(): Promise<void>;
}
