import type { Deps, SessionActor } from "../../context.ts";
import {
  bodyOf,
  decodeOutput,
  encryptOutput,
  findPayment,
  recordOutcome,
} from "../../money/payment/index.ts";
import type { PaymentSubject } from "../../money/reservation/index.ts";
import { insertFreePayment } from "../../money/reservation/index.ts";
import type { UpstreamAnswer } from "../../ports/upstream.ts";
import type { Run } from "./respond.ts";
import { respond } from "./respond.ts";

type Context = Deps & { actor: SessionActor };

/** Records a call that the upstream answered without a payment, and returns its output. */
export async function deliverFree(
  ctx: Context,
  payment: PaymentSubject,
  answer: UpstreamAnswer,
): Promise<Run> {
  await insertFreePayment(ctx.sql, payment);
  await recordOutcome(ctx.sql, payment.id, {
    upstreamStatus: answer.status,
    responseTimeMs: Math.round(answer.elapsedMs),
    output: encryptOutput(payment.id, answer, ctx.cipher, ctx.settings.keepOutput),
    evidence: { upstream_status: answer.status },
  });
  return respond(ctx, await findPayment(ctx.db, payment.id), await decodeOutput(ctx, bodyOf(answer)));
}
