import type { Log } from "../../core/ports/log.ts";
import { within } from "../../core/ports/within.ts";
import { describeNetworkFailure } from "../../platform/network-failure.ts";
import { SetupProblem } from "../../platform/setup-problem.ts";
import type { Job } from "../jobs/run-job.ts";
import type { Dependency } from "./dependency-of.ts";
import { dependencyOf } from "./dependency-of.ts";

/** How a dependency is asked whether it is there. */
export interface Watched {
  /** Rejects if it isn't. */
  check: () => Promise<unknown>;
  /** Milliseconds between two checks while it is there. */
  everyMs: number;
}

/** Milliseconds between two checks of a dependency that is lost. */
const WHILE_LOST_MS = 1_000;
/** A check that takes longer has failed. */
const CHECK_WITHIN_MS = 5_000;
const ROUND_MS = 500;

interface Loss {
  since: number;
  /** Failures so far, the first included. */
  failures: number;
}

/**
 * Logs one event when a dependency is lost and one when it is back, with the failures in between. Without it, every
 * job and every request logs a stack trace as long as an outage lasts.
 */
export class DependencyWatch {
  readonly #log: Log;
  readonly #watched: ReadonlyMap<Dependency, Watched>;
  readonly #rpcUrls: readonly string[];
  readonly #show: (dependency: Dependency, isUp: boolean) => void;
  readonly #noteAway: () => Promise<void>;
  readonly #lost = new Map<Dependency, Loss>();
  readonly #checkedAt = new Map<Dependency, number>();

  constructor(options: {
    log: Log;
    watched: Record<Dependency, Watched>;
    rpcUrls: readonly string[];
    /** Shows in the metrics whether a dependency is there. */
    show: (dependency: Dependency, isUp: boolean) => void;
    /** Records what is away of chain and facilitator, whenever a check of one of them fails. */
    noteAway: () => Promise<void>;
  }) {
    this.#log = options.log;
    this.#watched = new Map(Object.entries(options.watched) as [Dependency, Watched][]);
    this.#rpcUrls = options.rpcUrls;
    this.#show = options.show;
    this.#noteAway = options.noteAway;
  }

  /**
   * A log that writes no line about a failure that the outage of a dependency caused, but counts it. Lines of requests
   * stay, without the error's stack.
   */
  quiet(log: Log): Log {
    const watch =
      (level: "warn" | "error"): Log["warn"] =>
      (fields, message) => {
        const { err, error, ...rest } = fields;
        // A seller that failed is no dependency of ours.
        const isSellers =
          typeof fields["error_code"] === "string" && fields["error_code"].startsWith("upstream_");
        const dependency = isSellers ? undefined : dependencyOf(err ?? error, this.#rpcUrls);
        if (dependency === undefined) return log[level](fields, message);
        this.#fail(dependency, err ?? error);
        if (fields["status"] !== undefined) log[level]({ ...rest, dependency }, message);
      };
    return {
      info: (fields, message) => log.info(fields, message),
      warn: watch("warn"),
      error: watch("error"),
    };
  }

  /** Checks each dependency when it is due. */
  job(): Job {
    return {
      everyMs: ROUND_MS,
      run: () =>
        Promise.all([...this.#watched].map(([dependency, watched]) => this.#check(dependency, watched))),
      failure: { event: "dependency_watch_failed", message: "the dependencies weren't checked" },
    };
  }

  async #check(dependency: Dependency, { check, everyMs }: Watched): Promise<void> {
    const now = performance.now();
    const dueMs = this.#lost.has(dependency) ? WHILE_LOST_MS : everyMs;
    if (now - (this.#checkedAt.get(dependency) ?? -Infinity) < dueMs) return;
    this.#checkedAt.set(dependency, now);
    try {
      await within(CHECK_WITHIN_MS, check);
      this.#recover(dependency);
    } catch (error) {
      this.#fail(dependency, error);
      // Without the database nothing is signed, so nothing has to be known of it later.
      if (dependency !== "database") await this.#noteAway().catch(() => undefined);
    }
  }

  #fail(dependency: Dependency, error: unknown): void {
    const loss = this.#lost.get(dependency);
    if (loss !== undefined) {
      loss.failures += 1;
      return;
    }
    this.#lost.set(dependency, { since: performance.now(), failures: 1 });
    this.#show(dependency, false);
    this.#log.error(
      { event: "dependency_lost", dependency, reason: reasonOf(error) },
      `the ${dependency} is away`,
    );
  }

  #recover(dependency: Dependency): void {
    const loss = this.#lost.get(dependency);
    this.#show(dependency, true);
    if (loss === undefined) return;
    this.#lost.delete(dependency);
    const away_ms = Math.round(performance.now() - loss.since);
    const fields = { event: "dependency_back", dependency, away_ms, failures: loss.failures };
    this.#log.info(fields, `the ${dependency} is back`);
  }
}

/** A few words for an operator. A SetupProblem says what to do. */
function reasonOf(error: unknown): string {
  if (error instanceof SetupProblem) return error.message;
  return (
    describeNetworkFailure(error) ??
    (error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error))
  );
}
