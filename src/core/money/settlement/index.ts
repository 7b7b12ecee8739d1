/** What the chain says of an authorization: read in one place for payments, incoming payments and payouts. */
export { evidenceOf } from "./evidence.ts";
