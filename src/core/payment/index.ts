export { getPayment } from "./get-payment.ts";
export { attendDue } from "./reconcile.ts";
export { purgeExpiredOutputs } from "./purge-expired-outputs.ts";
export { type Run, runService } from "./run-service.ts";
export {
  GetPaymentInput,
  GetPaymentOutput,
  PaymentView,
  RunServiceInput,
  RunServiceOutput,
} from "./schema.ts";
export { listOpenPayments, listPayments } from "./store.ts";
export { toView as paymentToView } from "./view.ts";
