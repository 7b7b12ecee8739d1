import type { Approvals } from "./approvals.ts";
import { TollfreeError } from "./errors.ts";
import type { TollfreeApi } from "./procedures.ts";
import { aborting } from "./procedures.ts";
import type { OpenedSession, Scopes, SessionRequest } from "./types.ts";
import { unlessAborted } from "./wait.ts";

/**
 * The session an agent acts in. It is opened anew when it expires or has to be wider, one change at a time, and
 * never with a larger budget than what was left.
 */
export class SessionKeeper {
  readonly #keyed: TollfreeApi;
  readonly #approvals: Approvals;
  readonly #expiresInSeconds: number | undefined;
  #current: OpenedSession;
  #remainingCents: number;
  /** All that were opened: those before the current one stay valid until they expire. */
  readonly #tokens: string[];
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(
    keyed: TollfreeApi,
    approvals: Approvals,
    expiresInSeconds: number | undefined,
    opened: OpenedSession,
  ) {
    this.#keyed = keyed;
    this.#approvals = approvals;
    this.#expiresInSeconds = expiresInSeconds;
    this.#current = opened;
    this.#remainingCents = opened.budget_limit_cents;
    this.#tokens = [opened.session_token];
  }

  /** Opens a session; where the person hasn't granted all that is asked, they are asked. */
  static async open(
    keyed: TollfreeApi,
    approvals: Approvals,
    request: SessionRequest,
    signal: AbortSignal | undefined,
  ): Promise<SessionKeeper> {
    const opened = await openSession(keyed, approvals, request, signal);
    return new SessionKeeper(keyed, approvals, request.expires_in_seconds, opened);
  }

  get token(): string {
    return this.#current.session_token;
  }

  /** Without its token, which is nobody else's business. */
  get current(): Omit<OpenedSession, "session_token"> {
    const { session_token: _secret, ...session } = this.#current;
    return session;
  }

  /** Opens the session again, unless somebody else already has since `expired` was its token. */
  renew(expired: string, signal: AbortSignal | undefined): Promise<void> {
    return this.#change(signal, () =>
      this.token === expired ? this.#reopen(this.#current.scopes, signal) : Promise.resolve(),
    );
  }

  /** Opens a session that allows this too; the person is asked for what their grant lacks. */
  widen(more: Scopes, signal: AbortSignal | undefined): Promise<void> {
    return this.#change(signal, () => {
      const { scopes } = this.#current;
      const wider = {
        allowed_task_types: union(scopes.allowed_task_types, more.allowed_task_types),
        allowed_data_types: union(scopes.allowed_data_types, more.allowed_data_types),
        allowed_categories: union(scopes.allowed_categories, more.allowed_categories),
      };
      // Another run may have widened it meanwhile.
      return size(wider) === size(scopes) ? Promise.resolve() : this.#reopen(wider, signal);
    });
  }

  /** What a run told of the budget. Sessions opened later get no more than the least that was left. */
  noteRemaining(cents: number): void {
    this.#remainingCents = Math.min(this.#remainingCents, cents);
  }

  /** Ends this session and those before it. */
  async end(send: (token: string) => Promise<unknown>): Promise<void> {
    const results = await Promise.allSettled(this.#tokens.map(send));
    for (const result of results) {
      if (result.status === "rejected" && !hasEnded(result.reason)) throw result.reason;
    }
  }

  async #reopen(scopes: Scopes, signal: AbortSignal | undefined): Promise<void> {
    const request = {
      user_id: this.#current.user_id,
      scopes,
      budget_limit_cents: this.#remainingCents,
      ...(this.#expiresInSeconds !== undefined && { expires_in_seconds: this.#expiresInSeconds }),
    };
    const opened = await openSession(this.#keyed, this.#approvals, request, signal);
    this.#current = opened;
    this.#remainingCents = opened.budget_limit_cents;
    this.#tokens.push(opened.session_token);
  }

  /** One after the other, so that each starts from what the one before left. */
  #change(signal: AbortSignal | undefined, change: () => Promise<void>): Promise<void> {
    const changed = this.#changing.then(change);
    this.#changing = changed.catch(() => undefined);
    return unlessAborted(changed, signal);
  }
}

async function openSession(
  keyed: TollfreeApi,
  approvals: Approvals,
  request: SessionRequest,
  signal: AbortSignal | undefined,
): Promise<OpenedSession> {
  try {
    return (await keyed.agent.auth.mutate(request, aborting(signal))).data;
  } catch (refusal) {
    const { nextActions } = await approvals.ask(refusal, signal);
    // The session as far as the person granted it: they may have narrowed it.
    const granted = nextActions.find(({ action }) => action === "auth")?.params;
    if (granted?.["scopes"] === undefined) throw refusal; // given, and taken back since
    return (await keyed.agent.auth.mutate(granted as SessionRequest, aborting(signal))).data;
  }
}

const union = <Item>(some: readonly Item[], more: readonly Item[]): Item[] => [
  ...new Set([...some, ...more]),
];

const size = (scopes: Scopes): number => Object.values(scopes).flat().length;

const hasEnded = (error: unknown): boolean =>
  error instanceof TollfreeError && (error.code === "session_expired" || error.code === "session_revoked");
