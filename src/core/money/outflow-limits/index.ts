/** Limits on all money that leaves the treasury: the operator's pause switch, and a cap for each UTC day. */
export { PAYMENTS_UNPAUSED } from "./store.ts";
export { getPaymentSwitch, setPaymentSwitch } from "./payment-switch.ts";
export {
  paymentsPaused,
  requireUnpaused,
  sponsorShareHeld,
  treasuryDayExhausted,
  withdrawalShareUsed,
} from "./refusals.ts";
export { GetPaymentSwitchInput, PausePaymentsInput, PaymentSwitch, SetPaymentSwitchInput } from "./schema.ts";
