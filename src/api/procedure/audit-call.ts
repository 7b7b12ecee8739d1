import type { AuditSubject } from "../../core/observability/audit/index.ts";
import {
  clientPseudonym,
  summarizeEndpoint,
  summarizeRequest,
} from "../../core/observability/audit/index.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { isUnauthenticatedFlood } from "../../core/protocol/rate-limit/index.ts";
import type { Surface } from "../operation/operation-meta.ts";
import type { ApiContext } from "./context.ts";

/** The fields of a call that its audit row needs. */
export type AuditedCall = Pick<
  ApiContext,
  "audit" | "surface" | "subject" | "endpoint" | "clientAddress" | "deps" | "reply"
>;

export interface Outcome {
  status: number;
  /** Undefined if the call succeeded. */
  error?: AppError;
}

/** Only the calls of agents have audit rows. */
const isAudited = (surface: Surface): surface is "agent" | "gpt" | "mcp" =>
  surface === "agent" || surface === "gpt" || surface === "mcp";

/**
 * Writes the audit row of one agent call. The row must be durable before the response is sent. A response that was paid
 * for is the exception: the money is gone, so it goes out, and the row is written as soon as the database is back.
 *
 * Calls without a credential are counted, and one row is written for many. What a limit refuses of callers without a valid
 * credential leaves nothing.
 * @param readInput reads the call's input; it may throw, and then the row has no summary
 * @throws AppError `service_unavailable` if the row can't be written; the call's own error is among its
 *   causes
 */
export async function auditCall(
  call: AuditedCall,
  operation: string,
  readInput: () => Promise<unknown>,
  { status, error }: Outcome,
): Promise<void> {
  if (!isAudited(call.surface) || isUnauthenticatedFlood(error)) return;
  if (isAnonymous(call.subject)) {
    call.audit.count({
      client: clientPseudonym(call.deps, call.clientAddress, new Date()),
      surface: call.surface,
      operation,
      responseStatus: status,
      ...(error !== undefined && { errorCode: error.code }),
    });
    return;
  }
  const input = await readInput().catch(() => undefined);
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
    if (error === undefined ? call.reply.isPaidFor === true : belongsToPayment(error)) {
      call.deps.background.retry("auditing a paid call", () => call.audit.append(entry));
      return;
    }
    const causes = error === undefined ? [auditError] : [auditError, error];
    throw new AppError("service_unavailable", {
      cause: new AggregateError(causes, "the audit row was not written"),
    });
  }
}

/** Whether nobody is known whose call it is: there was no credential, or an unknown one. */
const isAnonymous = (subject: AuditSubject): boolean =>
  Object.values(subject).every((id) => id === undefined);

/** Whether the error is of a call that signed a payment. Withholding it would invite another payment. */
const belongsToPayment = ({ details }: AppError): boolean =>
  typeof details === "object" && "payment_id" in details && details.payment_id !== undefined;
