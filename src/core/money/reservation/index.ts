export { type Call, paymentSubject, requireBudget, reserveCall } from "../../reservation/reserve-call.ts";
export { insertFree, type PaymentSubject, remainingBudgets } from "./store.ts";
