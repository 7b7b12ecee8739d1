export { choosePayers, type Payers } from "./choose-payers.ts";
export type { JudgedPayer } from "./rules.ts";
