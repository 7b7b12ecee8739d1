import type { z } from "zod";
import type { Deps, SessionActor } from "../../context.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { mayStillArrive, readStoredOutput } from "./output.ts";
import { nextAfterPayment, toView } from "./payment-view.ts";
import { findPaymentOfGrant } from "./read-store.ts";
import { reconcileSoon } from "./reconcile.ts";
import type { GetPaymentInput, GetPaymentOutput } from "./schema.ts";

/**
 * Returns a payment's state and its output while it is kept. Any session of the same grant may ask. An open
 * payment is reconciled with the chain first, so a poll learns of a settlement at once.
 * @throws `not_found`, also for a payment of another grant
 */
export async function getPayment(
  ctx: Deps & { actor: SessionActor },
  input: z.infer<typeof GetPaymentInput>,
): Promise<{ data: z.infer<typeof GetPaymentOutput>; nextActions: NextAction[] }> {
  const payment = await findPaymentOfGrant(ctx.db, requireId(input.payment_id, "payment"), ctx.actor.grantId);
  if (payment === undefined) throw notFound("payment");
  const current = await reconcileSoon(ctx, payment);
  const view = toView(current);
  return {
    data: {
      payment: view,
      service: payment.service,
      created_at: payment.createdAt.toISOString(),
      ...(await readStoredOutput(ctx, current)),
    },
    nextActions: nextAfterPayment(view, mayStillArrive(current)),
  };
}
