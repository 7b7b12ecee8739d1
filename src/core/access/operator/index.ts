/** Who looks after this server in the console, and what they did. The administrator's key adds and removes them. */
export { exportEntries as exportOperatorEntries } from "./audit-store.ts";
export { findOperatorOf } from "./authenticate-operator.ts";
export { listOperatorEntries, writeOperatorEntry } from "./entries.ts";
export { addOperator, listOperators, removeOperator } from "./operators.ts";
export {
  AddOperatorInput,
  AddOperatorOutput,
  ListOperatorEntriesInput,
  ListOperatorEntriesOutput,
  ListOperatorsInput,
  ListOperatorsOutput,
  RemoveOperatorInput,
  RemoveOperatorOutput,
} from "./schema.ts";
export { exportOperators } from "./store.ts";
