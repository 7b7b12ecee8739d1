/** The treasury's payments to upstreams: sign one, send it, ask the chain what became of it, show it. */
export { sumSpendOfAgent } from "./agent-spend-store.ts";
export { getPayment } from "./get-payment.ts";
export { type AnswerBody, decodeOutput, OUTPUT_TASKS } from "./decode-output.ts";
export { hasFailed, paidButNotDelivered, readStoredRefusal, UPSTREAM_RETRY_SECONDS } from "./failure.ts";
export {
  bodyOf,
  encryptOutput,
  isSuccess,
  mayStillArrive,
  type Output,
  readStoredBody,
  readStoredOutput,
} from "./output.ts";
export { nextAfterPayment, toView as paymentToView } from "./payment-view.ts";
export { purgeExpiredOutputs } from "./purge-expired-outputs.ts";
export { listOwnPayments } from "./own-payments.ts";
export { quoteDigest } from "./quote-digest.ts";
export { NOT_DESCRIBED, type Offers, readOffers, type RefusedOffer } from "./read-offers.ts";
export {
  findPayment,
  findTrialOfSponsor,
  listOpenPayments,
  listPayments,
  type PaymentRow,
} from "./read-store.ts";
export {
  awaitConfirmation,
  type FirstLook,
  lookAtOnce,
  reconcileDuePayments,
  reconcileSoon,
  settleAtOnce,
} from "./reconcile.ts";
export {
  GetPaymentInput,
  GetPaymentOutput,
  ListOwnPaymentsInput,
  ListOwnPaymentsOutput,
  outputFields,
  PaymentView,
} from "./schema.ts";
export { readRefusal } from "./read-refusal.ts";
export { redactorOf } from "./redact.ts";
export { readHead, sendPayment, type SignedRequest, signPayment } from "./sign-and-send.ts";
export { isOpen, isTrial, OPEN_AFTER_SIGNING, OPEN_STATUSES } from "./status.ts";
export { recordOutcome } from "./outcome-store.ts";
export { insertDirectPayment, insertTrial } from "./store.ts";
export { exportPayments } from "./export-store.ts";
export { readExportedOutput } from "./exported-output.ts";
export { eraseContentsOfPayments } from "./erase-store.ts";
