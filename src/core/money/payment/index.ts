export { evidenceOf } from "../settlement/evidence.ts";
export { contentTypeOf, keptBytes, readOutput } from "./output.ts";
export { sendPayment, signPayment } from "./sign-and-send.ts";
export { askQuote } from "../../runs/quote/ask-quote.ts";
export { quoteDigest } from "./quote-digest.ts";
export { getPayment } from "./get-payment.ts";
export { attendDue, awaitConfirmation } from "./reconcile.ts";
export { purgeExpiredOutputs } from "./purge-expired-outputs.ts";
export { type Run, runService } from "../../runs/sponsored-run/run-service.ts";
export {
  GetPaymentInput,
  GetPaymentOutput,
  PaymentView,
  RunServiceInput,
  RunServiceOutput,
} from "./schema.ts";
export { findPayment, listOpenPayments, listPayments, type PaymentRow } from "./store.ts";
export { toView as paymentToView } from "./payment-view.ts";
