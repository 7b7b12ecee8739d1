/** x402 payments that sponsors and buyers make to the treasury. Each signature pays for one thing only. */
export { reconcileDueIncoming } from "./reconcile-incoming.ts";
export { bookFees, type SignedAuthorization, claimNonce, findIncoming, type IncomingRow } from "./store.ts";
export {
  awaitArrival,
  findEarlierClaim,
  paymentRequired,
  readPayment,
  settlePayment,
  takePayment,
} from "./take-payment.ts";
