import { microsToCents } from "../../protocol/amounts.ts";
import type { NextAction } from "../../protocol/next-actions.ts";
import { next } from "../../protocol/next-actions.ts";
import type { PaymentRow } from "./read-store.ts";
import type { PaymentView } from "./schema.ts";
import type { PaymentStatus } from "./status.ts";

/** Internal states as callers see them. Every state that isn't decided is `pending`. */
const PUBLIC_STATUS: Record<PaymentStatus, PaymentView["status"]> = {
  reserved: "pending",
  signed: "pending",
  sent: "pending",
  unknown: "pending",
  refused: "pending",
  settled: "settled",
  expired: "expired",
  canceled: "void",
  void: "void",
  free: "free",
};

/** A payment as callers see it. */
export function toView(
  payment: Pick<PaymentRow, "id" | "sponsor" | "campaignId" | "amountMicros" | "txHash" | "network"> & {
    status: string;
  },
): PaymentView {
  return {
    payment_id: payment.id,
    status: PUBLIC_STATUS[payment.status as PaymentStatus],
    sponsored_by: payment.sponsor,
    ...(payment.campaignId !== null && { campaign_id: payment.campaignId }),
    amount_cents: microsToCents(payment.amountMicros),
    ...(payment.txHash !== null && { tx_hash: payment.txHash }),
    network: payment.network,
  };
}

/** The next actions after a payment. While it or its output is pending, the first one is to poll it. */
export function nextAfterPayment(payment: PaymentView, awaitsOutput: boolean): NextAction[] {
  return [
    ...(payment.status === "pending" || awaitsOutput ? [next.getPayment(payment.payment_id)] : []),
    next.flowStatus(),
    next.searchServices(),
    next.auditHistory(),
  ];
}
