import type { AuditSubject } from "../../core/observability/audit/index.ts";
import type { ApiContext } from "./context.ts";

/**
 * Adds what is now known about the caller to the audit subject of this call. No other code changes
 * `ctx.subject`. Fields that `subject` doesn't have keep their value.
 */
export function identify(ctx: Pick<ApiContext, "subject">, subject: AuditSubject): void {
  Object.assign(ctx.subject, subject);
}
