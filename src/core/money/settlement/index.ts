/** What the chain says of a signed authorization. Payments, incoming payments and payouts all use this. */
export { authorizationOf } from "./authorization.ts";
export { evidenceOf } from "./evidence.ts";
export { pollChain } from "./poll-chain.ts";
