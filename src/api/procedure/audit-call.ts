import { summarizeEndpoint, summarizeRequest } from "../../core/observability/audit/index.ts";
import { AppError } from "../../core/protocol/errors.ts";
import type { Surface } from "../operation/operation-meta.ts";
import type { ApiContext } from "./context.ts";

/** What identifies a call in its audit row. */
export type AuditedCall = Pick<ApiContext, "audit" | "surface" | "subject" | "endpoint">;

export interface Outcome {
  status: number;
  /** Undefined for a success. */
  error?: AppError;
}

/** Only what agents do is audited this way. */
const isAudited = (surface: Surface): surface is "agent" | "gpt" => surface === "agent" || surface === "gpt";

/**
 * Makes one call of an agent durable, before its answer leaves.
 * @throws AppError `service_unavailable`, carrying the call's own error as its cause
 */
export async function auditCall(
  call: AuditedCall,
  operation: string,
  input: unknown,
  { status, error }: Outcome,
): Promise<void> {
  if (!isAudited(call.surface)) return;
  const entry = {
    ...call.subject,
    surface: call.surface,
    operation,
    endpoint: summarizeEndpoint(call.endpoint),
    requestSummary: summarizeRequest(input),
    responseStatus: status,
    ...(error !== undefined && { errorCode: error.code }),
  };
  try {
    await call.audit.append(entry);
  } catch (auditError) {
    const causes = error === undefined ? [auditError] : [auditError, error];
    throw new AppError("service_unavailable", {
      cause: new AggregateError(causes, "the call wasn't audited"),
    });
  }
}
