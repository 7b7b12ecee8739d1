import type { Deps } from "../../context.ts";
import { findIncoming } from "../../money/incoming-payment/index.ts";
import { findPayment } from "../../money/payment/index.ts";
import { findRefund } from "../../money/payout/index.ts";
import type { DirectPaymentOutcome } from "../../protocol/error-details.ts";
import { findUpstreamPaymentId } from "./store.ts";

/** The state of a direct payment so far, with the transactions that prove it. */
export async function directPaymentOutcome(
  { db }: Pick<Deps, "db">,
  incomingId: string,
): Promise<DirectPaymentOutcome> {
  const [incoming, payment, refund] = await Promise.all([
    findIncoming(db, incomingId),
    findUpstreamPaymentId(db, incomingId).then((id) => findPayment(db, id)),
    findRefund(db, incomingId),
  ]);
  return {
    status: statusOf(incoming.status, payment.status, refund?.status),
    ...(incoming.txHash !== null && { paid_tx_hash: incoming.txHash }),
    ...(payment.txHash !== null && { upstream_tx_hash: payment.txHash }),
    ...(refund?.txHash !== undefined && refund.txHash !== null && { refund_tx_hash: refund.txHash }),
  };
}

function statusOf(
  incoming: string,
  payment: string,
  refund: string | undefined,
): DirectPaymentOutcome["status"] {
  if (refund !== undefined) return refund === "settled" ? "refunded" : "refund_owed";
  if (incoming === "expired" || incoming === "canceled") return "not_taken";
  return payment === "settled" ? "upstream_paid" : "pending";
}
