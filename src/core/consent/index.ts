export { requireTransfer } from "./require-transfer.ts";
export { type ConsentRecord, consentsOfCompletion } from "./rules.ts";
export { recordInputConsent } from "./store.ts";
