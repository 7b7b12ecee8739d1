export type { AnonymousCall, AuditEntry, AuditLog, AuditSubject, CountedCalls } from "./audit-log.ts";
export { clientPseudonym, subjectOf } from "./audit-log.ts";
export { summarizeEndpoint, summarizeRequest } from "./request-summary.ts";
export { insertAuditEntries, insertCountedCalls, readMonthsAhead } from "./store.ts";
export { auditHistory } from "./history.ts";
export { AuditHistoryInput, AuditHistoryOutput } from "./schema.ts";
