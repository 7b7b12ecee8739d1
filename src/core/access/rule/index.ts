/** What the user set afterwards, from history: which calls of an agent need one more yes. */
export { rulesOfGrants } from "./list-rules.ts";
export { AskAboveInput, DontAskInput, EndRuleInput, RuleOutput, Rule } from "./schema.ts";
export { askAbove, dontAsk, endRule } from "./set-rules.ts";
export { endExemptions } from "./store.ts";
export { exportRules } from "./export-store.ts";
export { endRulesOfGrants } from "./erase-store.ts";
