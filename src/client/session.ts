import type { Approvals } from "./approvals.ts";
import { TollfreeError } from "./errors.ts";
import type { TollfreeApi } from "./procedures.ts";
import { callOptions } from "./procedures.ts";
import type { OpenedSession, Scopes, SessionRequest } from "./types.ts";
import { unlessAborted } from "./wait.ts";

/**
 * A session to go on with later, in another process too. The answer of `POST /agent/auth` is one. It holds tokens:
 * keep it as you keep a password.
 */
export interface SavedSession extends OpenedSession {
  /** What was left of the budget. A session that replaces an expired one gets at most this. Default: all of it. */
  remaining_cents?: number | undefined;
  /** Tokens of sessions that this one replaced. `revoke` ends them too. */
  earlier_tokens?: readonly string[] | undefined;
}

/**
 * Holds the session of an agent. Opens a new session when the current one expires or has to be wider. Only
 * one change runs at a time. A new session never gets a larger budget than what was left of the old one.
 */
export class SessionKeeper {
  readonly #keyApi: TollfreeApi;
  readonly #approvals: Approvals;
  readonly #expiresInSeconds: number | undefined;
  #current: OpenedSession;
  #remainingCents: number;
  /** The tokens of all sessions opened so far. Earlier sessions stay valid until they expire. */
  readonly #tokens: string[];
  /** Settles when the last started change is done. Never rejects. */
  #lastChange: Promise<unknown> = Promise.resolve();

  private constructor(
    keyApi: TollfreeApi,
    approvals: Approvals,
    expiresInSeconds: number | undefined,
    opened: OpenedSession,
  ) {
    this.#keyApi = keyApi;
    this.#approvals = approvals;
    this.#expiresInSeconds = expiresInSeconds;
    this.#current = opened;
    this.#remainingCents = opened.budget_limit_cents;
    this.#tokens = [opened.session_token];
  }

  /** Opens the first session. Asks the person if their grant doesn't cover the request. */
  static async open(
    keyApi: TollfreeApi,
    approvals: Approvals,
    request: SessionRequest,
    signal: AbortSignal | undefined,
  ): Promise<SessionKeeper> {
    const opened = await openSession(keyApi, approvals, request, signal);
    return new SessionKeeper(keyApi, approvals, request.expires_in_seconds, opened);
  }

  /** Goes on with a session that was opened before. Calls nothing. */
  static resume(
    keyApi: TollfreeApi,
    approvals: Approvals,
    expiresInSeconds: number | undefined,
    { remaining_cents: remaining, earlier_tokens: earlier = [], ...opened }: SavedSession,
  ): SessionKeeper {
    const keeper = new SessionKeeper(keyApi, approvals, expiresInSeconds, opened);
    keeper.#remainingCents = remaining ?? opened.budget_limit_cents;
    keeper.#tokens.unshift(...earlier);
    return keeper;
  }

  /** All that `resume` needs. It holds secrets. */
  save(): SavedSession {
    const earlier = this.#tokens.filter((token) => token !== this.token);
    return { ...this.#current, remaining_cents: this.#remainingCents, earlier_tokens: earlier };
  }

  get token(): string {
    return this.#current.session_token;
  }

  /** The session without its token: the token is a secret. */
  get current(): Omit<OpenedSession, "session_token"> {
    const { session_token: _secret, ...session } = this.#current;
    return session;
  }

  /**
   * Opens a new session with the same scopes. Does nothing if another call already replaced the token
   * `expired`.
   */
  renew(expired: string, signal: AbortSignal | undefined): Promise<void> {
    return this.#change(signal, () =>
      this.token === expired
        ? this.#reopen(this.#current.scopes, this.#approvals, signal)
        : Promise.resolve(),
    );
  }

  /** Opens a session that also has the scopes `added`. Asks the person for scopes that their grant lacks. */
  widen(added: Scopes, approvals: Approvals, signal: AbortSignal | undefined): Promise<void> {
    return this.#change(signal, () => {
      const { scopes } = this.#current;
      const wider = {
        allowed_task_types: union(scopes.allowed_task_types, added.allowed_task_types),
        allowed_data_types: union(scopes.allowed_data_types, added.allowed_data_types),
        allowed_categories: union(scopes.allowed_categories, added.allowed_categories),
      };
      // Another run may have widened it meanwhile.
      return countEntries(wider) === countEntries(scopes)
        ? Promise.resolve()
        : this.#reopen(wider, approvals, signal);
    });
  }

  /** Stores the remaining budget that a run returned. Later sessions get at most the smallest such amount. */
  noteRemaining(cents: number): void {
    this.#remainingCents = Math.min(this.#remainingCents, cents);
  }

  /** Ends the current session and all earlier ones. */
  async end(send: (token: string) => Promise<unknown>): Promise<void> {
    const results = await Promise.allSettled(this.#tokens.map(send));
    for (const result of results) {
      if (result.status === "rejected" && !hasEnded(result.reason)) throw result.reason;
    }
  }

  async #reopen(scopes: Scopes, approvals: Approvals, signal: AbortSignal | undefined): Promise<void> {
    const request = {
      user_id: this.#current.user_id,
      scopes,
      budget_limit_cents: this.#remainingCents,
      ...(this.#expiresInSeconds !== undefined && { expires_in_seconds: this.#expiresInSeconds }),
    };
    const opened = await openSession(this.#keyApi, approvals, request, signal);
    this.#current = opened;
    this.#remainingCents = opened.budget_limit_cents;
    this.#tokens.push(opened.session_token);
  }

  /** Runs changes one after the other, so that each change sees the result of the previous one. */
  #change(signal: AbortSignal | undefined, change: () => Promise<void>): Promise<void> {
    const changed = this.#lastChange.then(change);
    this.#lastChange = changed.catch(() => undefined);
    return unlessAborted(changed, signal);
  }
}

async function openSession(
  keyApi: TollfreeApi,
  approvals: Approvals,
  request: SessionRequest,
  signal: AbortSignal | undefined,
): Promise<OpenedSession> {
  try {
    return (await keyApi.agent.auth.mutate(request, callOptions(signal))).data;
  } catch (refusal) {
    const { nextActions } = await approvals.ask(refusal, signal);
    // The request in the next action fits the new grant, which may be narrower than what was asked.
    const granted = nextActions.find(({ action }) => action === "auth")?.params;
    if (granted?.["scopes"] === undefined) throw refusal; // the person revoked the grant right after approving
    return (await keyApi.agent.auth.mutate(granted as SessionRequest, callOptions(signal))).data;
  }
}

const union = <Item>(first: readonly Item[], second: readonly Item[]): Item[] => [
  ...new Set([...first, ...second]),
];

const countEntries = (scopes: Scopes): number => Object.values(scopes).flat().length;

const hasEnded = (error: unknown): boolean =>
  error instanceof TollfreeError && (error.code === "session_expired" || error.code === "session_revoked");
