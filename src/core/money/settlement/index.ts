/** What the chain says of a signed authorization. Payments, incoming payments and payouts all use this. */
export { askChain, type Decision, type Evidence } from "./ask-chain.ts";
export { authorizationOf } from "./authorization.ts";
export { networkIsUp } from "./network-is-up.ts";
export { noteOutages, upOrNoted } from "./outages.ts";
export { lastOutage } from "./outage-store.ts";
export { orLog, type TakeDue, takeDueFrom, workOnDue } from "./due.ts";
export { pollChain } from "./poll-chain.ts";
