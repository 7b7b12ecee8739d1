import type { UpstreamAnswer, UpstreamFailure } from "../../ports/upstream.ts";
import type { DeliveryRow } from "./store.ts";
import type { DeliveryView } from "./schema.ts";

/** Seconds after each failed attempt until the next. After the last one the delivery is given up: 10 attempts in three days. */
const RETRY_SECONDS = [30, 120, 600, 1_800, 7_200, 21_600, 43_200, 86_400, 86_400];

/** Up to this much is added at random, so that what failed together isn't tried again together. */
const JITTER = 0.1;

/** @param attempts how many have failed. @returns undefined: no further one */
export function secondsUntilRetry(attempts: number, random: () => number = Math.random): number | undefined {
  const seconds = RETRY_SECONDS[attempts - 1];
  return seconds === undefined ? undefined : Math.round(seconds * (1 + random() * JITTER));
}

export interface Attempt {
  /** Null: there was no answer. */
  status: number | null;
  /** Null: the event was taken. */
  failure: "timeout" | "unreachable" | "blocked" | "cut" | "status" | null;
}

/** Any 2xx takes the event. A redirect is a refusal like all others. */
export function judge(answer: UpstreamAnswer | UpstreamFailure): Attempt {
  if (answer.kind !== "answer") return { status: null, failure: answer.kind };
  return { status: answer.status, failure: answer.status >= 200 && answer.status < 300 ? null : "status" };
}

export function toView(row: DeliveryRow): DeliveryView {
  const iso = (time: Date | null): string | null => time?.toISOString() ?? null;
  return {
    event_id: row.id,
    type: row.type,
    data: row.data,
    occurred_at: row.occurred_at.toISOString(),
    status: row.status,
    attempts: row.attempts,
    last_attempt: row.last_attempt_at && {
      at: row.last_attempt_at.toISOString(),
      status: row.last_status,
      failure: row.last_failure as Attempt["failure"],
    },
    next_attempt_at: row.status === "pending" ? row.due_at.toISOString() : null,
    ended_at: iso(row.ended_at),
  };
}
