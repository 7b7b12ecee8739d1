export type { AuditEntry, AuditLog, AuditSubject } from "./audit-log.ts";
export { subjectOf } from "./audit-log.ts";
export { summarizeEndpoint, summarizeRequest } from "./request-summary.ts";
export { insertAuditEntries } from "./store.ts";
export { auditHistory } from "./history.ts";
export { AuditHistoryInput, AuditHistoryOutput } from "./schema.ts";
