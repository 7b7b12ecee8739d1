/** Proof that money is where the books say, on both sides: the database's and the chain's. */
export { CHECKS, type CheckName } from "./checks.ts";
export { type Proof, verifyLedger } from "./verify-ledger.ts";
