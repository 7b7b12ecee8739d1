import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import {
  findTrialOfSponsor,
  paymentToView,
  readStoredOutput,
  readStoredRefusal,
  reconcileSoon,
} from "../../money/payment/index.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { GetTrialInput, TryServiceOutput } from "./schema.ts";

type Context = Deps & { actor: SponsorActor };

/** Returns a trial as it is now. An open payment is looked up on the chain first. @throws `not_found` */
export const getTrial = (
  ctx: Context,
  input: z.infer<typeof GetTrialInput>,
): Promise<z.infer<typeof TryServiceOutput>> => showTrial(ctx, requireId(input.payment_id, "payment"));

/** @throws `not_found`, also for what isn't the sponsor's trial */
export async function showTrial(ctx: Context, paymentId: string): Promise<z.infer<typeof TryServiceOutput>> {
  const found = await findTrialOfSponsor(ctx.db, paymentId, ctx.actor.sponsorId);
  if (found === undefined) throw notFound("payment");
  const payment = await reconcileSoon(ctx, found);
  const { upstream } = readStoredRefusal(payment, ctx.cipher);
  return {
    service_key: payment.service,
    payment: paymentToView(payment),
    delivered: payment.deliveredAt !== null,
    ...(await readStoredOutput(ctx, payment)),
    failure: payment.deliveredAt === null ? (payment.failure as "refused" | null) : null,
    upstream_status: payment.upstreamStatus,
    ...(upstream !== undefined && { upstream_said: upstream }),
    response_time_ms: payment.responseTimeMs,
  };
}
