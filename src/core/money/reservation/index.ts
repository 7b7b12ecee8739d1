export {
  type Call,
  paymentSubject,
  requireBudget,
  reserveCall,
} from "../../runs/sponsored-run/reserve-call.ts";
export { insertFree, type PaymentSubject, remainingBudgets } from "./store.ts";
