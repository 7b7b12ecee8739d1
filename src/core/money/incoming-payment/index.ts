/** What others pay us: x402, to the treasury. Each signature is good for one thing. */
export { reconcileDueIncoming, reconcileIncoming } from "./reconcile-incoming.ts";
export { type SignedAuthorization, claimNonce, findIncoming, type IncomingRow } from "./store.ts";
export { earlierClaim, presentedPayment, settlePayment, takePayment } from "./take-payment.ts";
