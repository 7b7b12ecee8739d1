export { choosePayers, assessPayers, type Payers, requireNamedPayer } from "./choose-payers.ts";
export { type AssessedPayer, refuseAll, refuseNamed, type Shortfall } from "./rules.ts";
