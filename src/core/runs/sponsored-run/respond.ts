import type { Deps, SessionActor } from "../../context.ts";
import type { Output, PaymentRow } from "../../money/payment/index.ts";
import {
  bodyOf,
  decodeOutput,
  mayStillArrive,
  nextAfterPayment,
  paymentToView,
} from "../../money/payment/index.ts";
import { readRemainingBudgets } from "../../money/reservation/index.ts";
import type { UpstreamAnswer } from "../../ports/upstream.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import type { ReservedPayment } from "./reserve-call.ts";
import type { RunServiceOutput } from "./schema.ts";

type Context = Pick<Deps, "db" | "sql" | "compute"> & { actor: SessionActor };

export interface Run {
  data: RunServiceOutput;
  nextActions: NextAction[];
  /** The output isn't there yet, but may still arrive. The answer is a 202. */
  pending: boolean;
  /** The answer comes from an earlier run with the same idempotency key. */
  replayed: boolean;
}

/** What a run's answer says of its payment. */
type RunPayment = Parameters<typeof paymentToView>[0] &
  Pick<PaymentRow, "status" | "service" | "upstreamStatus" | "responseTimeMs" | "deliveredAt" | "sendLeased">;

/** A payment as this call has just settled it. So it needn't be read. */
export const asSettled = (
  payment: ReservedPayment,
  { status: upstreamStatus, elapsedMs }: UpstreamAnswer,
  txHash: string,
): RunPayment => ({
  ...{ ...payment, status: "settled", txHash, upstreamStatus },
  ...{ responseTimeMs: Math.round(elapsedMs), deliveredAt: new Date(), sendLeased: false },
});

/** A run's answer, made from its payment as it is in the database. */
export async function respond(ctx: Context, payment: RunPayment, output: Output): Promise<Run> {
  const remaining = await readRemainingBudgets(ctx.sql, ctx.actor);
  const view = paymentToView(payment);
  const pending = output.output === undefined && mayStillArrive(payment);
  return {
    data: {
      service: payment.service,
      ...output,
      payment: view,
      execution_metadata: {
        response_time_ms: payment.responseTimeMs,
        upstream_status: payment.upstreamStatus,
        cost_cents: view.amount_cents,
        budget_remaining_cents: microsToCents(remaining.session),
      },
    },
    nextActions: nextAfterPayment(view, pending),
    pending,
    replayed: false,
  };
}

/**
 * A run's answer while the database is away: the upstream's answer, and the payment as it was signed. Asking for the
 * payment later tells how it ended.
 */
export async function respondUnrecorded(
  ctx: Context,
  payment: ReservedPayment,
  answer: UpstreamAnswer,
): Promise<Run> {
  const view = paymentToView({ ...payment, status: "sent", txHash: null });
  return {
    data: {
      service: payment.service,
      ...(await decodeOutput(ctx, bodyOf(answer))),
      payment: view,
      execution_metadata: {
        response_time_ms: Math.round(answer.elapsedMs),
        upstream_status: answer.status,
        cost_cents: view.amount_cents,
        budget_remaining_cents: microsToCents(ctx.actor.remainingMicros - payment.amountMicros),
      },
    },
    nextActions: nextAfterPayment(view, false),
    pending: false,
    replayed: false,
  };
}
