/** Proof that the books are right: the database agrees with itself, and with the chain. */
export { CHECKS, type CheckName, type Finding } from "./checks.ts";
export { openLedger } from "./open-ledger.ts";
export { type Proof, verifyLedger } from "./verify-ledger.ts";
export { keepFindings, readLastFindings } from "./proof-store.ts";
export { readOwed } from "./store.ts";
