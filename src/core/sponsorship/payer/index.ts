export { choosePayers, judgePayers, type Payers, requireNamed } from "./choose-payers.ts";
export { type JudgedPayer, refuseAll, refuseNamed, type Shortfall } from "./rules.ts";
