import type { Deps } from "../../context.ts";
import { secretsOf, signedRequest } from "../../protocol/signed-webhooks.ts";
import type { TakenEndpoint } from "../endpoint/index.ts";
import { noteAttempt, releaseEndpoint, takeEndpoints } from "../endpoint/index.ts";
import type { TakenDelivery } from "./queue-store.ts";
import { recordDelivered, recordFailure, takeDue } from "./queue-store.ts";
import type { Attempt } from "./rules.ts";
import { judge, secondsUntilRetry } from "./rules.ts";

type Context = Pick<Deps, "sql" | "log" | "cipher" | "upstream">;

/**
 * How endpoints are called: how long they have for an answer, and how many requests are under way at the same time. One that
 * answers quickly loses its place sooner if it stops doing so. It is then one of those that are slow or fail.
 */
const QUICK = { timeoutMs: 4_000, atOnce: 10n };
const TROUBLED = { timeoutMs: 10_000, atOnce: 1n };
type Pace = typeof QUICK;
/** An endpoint that takes longer counts as slow. */
const SLOW_MS = 2_000;
/** A server goes on with an endpoint for so long. With one more turn it stays within its lease. */
const GO_ON_MS = 5_000;

/** An endpoint with something due, and the work on it. */
export interface DueEndpoint {
  id: string;
  /** Sends what is due. Never rejects: a failure is logged, and what was left is due again. */
  serve: () => Promise<void>;
}

/**
 * Takes endpoints with something due. No transaction is open and no row locked while they are called: endpoint and deliveries are
 * leased. If the process dies, others go on once the lease is over, so each event is sent at least once.
 * @param troubled endpoints that are slow or fail, or the others: they have places of their own, so they delay only each other
 * @param count counts an attempt
 */
export async function takeDueEndpoints(
  ctx: Context,
  { troubled, most, count }: { troubled: boolean; most: number; count: (outcome: string) => void },
): Promise<DueEndpoint[]> {
  if (most === 0) return [];
  const taken = await takeEndpoints.all(ctx.sql, { troubled, most: BigInt(most) });
  return taken.map((endpoint) => ({
    id: endpoint.id,
    serve: async () => {
      try {
        await serve(ctx, endpoint, troubled ? TROUBLED : QUICK, count);
        await releaseEndpoint.count(ctx.sql, { id: endpoint.id });
      } catch (error) {
        const fields = { event: "webhook_undecided", endpoint_id: endpoint.id, err: error };
        ctx.log.warn(fields, "events weren't sent to an endpoint; they will be tried again");
      }
    },
  }));
}

async function serve(
  ctx: Context,
  endpoint: TakenEndpoint,
  pace: Pace,
  count: (outcome: string) => void,
): Promise<void> {
  const secrets = secretsOf(ctx.cipher, "webhook_endpoints", endpoint);
  const started = performance.now();
  let goesOn = true;
  while (goesOn && performance.now() - started < GO_ON_MS) {
    const due = await takeDue.all(ctx.sql, { endpoint_id: endpoint.id, most: pace.atOnce });
    if (due.length === 0) return;
    const attempts = await Promise.all(
      due.map((delivery) => deliver(ctx, endpoint, { secrets, pace }, delivery)),
    );
    for (const { failure } of attempts) count(failure ?? "delivered");
    goesOn = attempts.every(({ failure, slow }) => failure === null && !slow);
  }
}

/** Sends an event once, and records what became of it. */
async function deliver(
  { sql, upstream, log }: Context,
  endpoint: TakenEndpoint,
  { secrets, pace }: { secrets: readonly string[]; pace: Pace },
  delivery: TakenDelivery,
): Promise<Attempt & { slow: boolean }> {
  const { id, event_id: eventId, type, data, occurred_at: occurredAt, attempts } = delivery;
  const answer = await upstream.request({
    url: endpoint.url,
    method: "POST",
    ...signedRequest({ id: eventId, type, occurredAt, data }, secrets),
    timeoutMs: pace.timeoutMs,
    confidential: [],
    reads: "status",
  });
  const attempt = judge(answer);
  const { status, failure } = attempt;
  const slow = "elapsedMs" in answer && answer.elapsedMs > SLOW_MS;

  const retrySeconds = secondsUntilRetry(attempts);
  await sql.transaction(async (tx) => {
    if (failure === null) await recordDelivered.count(tx, { id, status: status ?? 200 });
    else await recordFailure.count(tx, { id, status, failure, retry_seconds: retrySeconds ?? null });
    const noted = await noteAttempt.first(tx, { id: endpoint.id, status, failure, slow });
    if (noted !== undefined && noted.paused_now !== null)
      log.warn(
        { event: "webhook_paused", endpoint_id: endpoint.id, reason: noted.paused_now },
        "a webhook is paused",
      );
  });
  if (failure !== null && retrySeconds === undefined)
    log.warn(
      { event: "webhook_given_up", endpoint_id: endpoint.id, event_id: eventId, type },
      "an event was given up",
    );
  return { ...attempt, slow };
}
