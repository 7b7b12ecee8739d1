export { choosePayers, judgePayers, type Payers, requireNamed } from "./choose-payers.ts";
export { type JudgedPayer, refuseAll, refuseNamed } from "./rules.ts";
