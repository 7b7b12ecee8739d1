export type { AnonymousCall, AuditEntry, AuditLog, AuditSubject, CountedCalls } from "./audit-log.ts";
export { clientPseudonym, subjectOf } from "./audit-log.ts";
export { summarizeEndpoint, summarizeRequest } from "./request-summary.ts";
export { insertAuditEntries, insertCountedCalls, readMonthsAhead } from "./store.ts";
export { countAgentCalls } from "./agent-calls.ts";
export { auditHistory } from "./history.ts";
export { listOwnCalls, serviceOfEndpoint } from "./own-calls.ts";
export { lastCallsOfGrants } from "./own-calls-store.ts";
export { AuditHistoryInput, AuditHistoryOutput, ListOwnCallsInput, ListOwnCallsOutput } from "./schema.ts";
