export {
  contentTypeOf,
  readStoredBytes,
  decodeOutput,
  type Output,
  encryptOutput,
  readStoredOutput,
  mayStillArrive,
} from "./output.ts";
export { sendPayment, signPayment, UPSTREAM_RETRY_SECONDS, refusalAfterSending } from "./sign-and-send.ts";
export { quoteDigest } from "./quote-digest.ts";
export { getPayment } from "./get-payment.ts";
export { reconcileDuePayments, awaitConfirmation, reconcileSoon } from "./reconcile.ts";
export { purgeExpiredOutputs } from "./purge-expired-outputs.ts";
export { GetPaymentInput, GetPaymentOutput, outputFields, PaymentView } from "./schema.ts";
export { findPayment, listOpenPayments, listPayments, type PaymentRow, recordOutcome } from "./store.ts";
export { toView as paymentToView, nextAfterPayment } from "./payment-view.ts";
