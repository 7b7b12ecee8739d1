import type { Deps } from "../../context.ts";
import { invalidField } from "../../protocol/errors.ts";
import type { WebhookView } from "./schema.ts";
import type { EndpointRow } from "./store.ts";

const iso = (time: Date | null): string | null => time?.toISOString() ?? null;

/** @param waiting how many events wait to be sent to it */
export function toView(endpoint: EndpointRow, waiting: number, now = new Date()): WebhookView {
  const { pausedAt, pausedReason, lastAttemptAt, missingFrom, previousUntil } = endpoint;
  return {
    endpoint_id: endpoint.id,
    url: endpoint.url,
    event_types: endpoint.eventTypes as WebhookView["event_types"],
    created_at: endpoint.createdAt.toISOString(),
    active: pausedAt === null,
    paused: pausedAt && {
      since: pausedAt.toISOString(),
      // The database allows no other reasons: the table has a check.
      reason: pausedReason as NonNullable<WebhookView["paused"]>["reason"],
    },
    failing_since: iso(endpoint.failingSince),
    last_attempt: lastAttemptAt && {
      at: lastAttemptAt.toISOString(),
      status: endpoint.lastStatus,
      failure: endpoint.lastFailure as NonNullable<WebhookView["last_attempt"]>["failure"],
    },
    waiting,
    not_kept: missingFrom && { from: missingFrom.toISOString(), until: iso(endpoint.missingUntil) },
    previous_secret_until: iso(previousUntil !== null && previousUntil > now ? previousUntil : null),
  };
}

/** @throws AppError `validation_error` for a URL that is never called */
export function requireCallable({ upstream }: Pick<Deps, "upstream">, url: string | undefined): void {
  const refusal = url === undefined ? undefined : upstream.refusalOf(url);
  if (refusal !== undefined) throw invalidField("/url", `can't be called: ${refusal}`, "format");
}
