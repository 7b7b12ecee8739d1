/** A sponsor's money: its budgets, and every movement of them. */
export { listDays, listMovements, readFunds } from "./read-funds.ts";
export {
  FundsOutput,
  ListDaysInput,
  ListDaysOutput,
  ListMovementsInput,
  ListMovementsOutput,
} from "./schema.ts";
