/** What limits the money that leaves at all: the operator's switch, and a cap for each day. */
export { openTreasuryDay, paymentsUnpaused } from "./store.ts";
export { getPaymentSwitch, setPaymentSwitch } from "./payment-switch.ts";
export { treasuryDayExhausted, requireUnpaused } from "./refusals.ts";
export { GetPaymentSwitchInput, PaymentSwitch, SetPaymentSwitchInput } from "./schema.ts";
