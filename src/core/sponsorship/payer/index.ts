/** Who pays for a call: the payers of a service in order, and the reason if none of them pays. */
export { assessPayers, choosePayers, type Payers, requireNamedPayer } from "./choose-payers.ts";
export { type AssessedPayer, refuseAll, refuseNamed, type Shortfall } from "./rules.ts";
