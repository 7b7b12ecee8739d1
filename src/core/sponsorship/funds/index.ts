/** A sponsor's money: its budgets, and every movement of them. */
export { listMovements, readFunds } from "./read-funds.ts";
export { FundsOutput, ListMovementsInput, ListMovementsOutput } from "./schema.ts";
