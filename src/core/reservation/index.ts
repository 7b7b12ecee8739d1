export { type Call, paymentSubject, requireBudget, reserveCall } from "./reserve-call.ts";
export { insertFree, type PaymentSubject, remainingBudgets } from "./store.ts";
