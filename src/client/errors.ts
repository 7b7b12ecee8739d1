import type { ErrorBody, FieldError, NextAction, Payment, PaymentState } from "./types.ts";

/** The server's error codes. */
export type ErrorCode = ErrorBody["error_code"];

/** The `details` of each of the server's error codes. */
type ServerDetails = { [Code in ErrorCode]: Extract<ErrorBody, { error_code: Code }>["details"] };

/** The `details` of the client's own error codes. */
interface LocalDetails {
  /** No response came, also after retries. */
  network_error: undefined;
  /** The response is not from Tollfree. It may be a proxy's error page. */
  invalid_response: { status: number };
  approval_denied: { approval_id: string };
  /** The person didn't decide in time. */
  approval_expired: { approval_id: string };
  /** `hooks.onTask` returned undefined: the person doesn't want to do the task. */
  task_declined: { campaign_id: string };
  /** The run is over without an output. The payment's status says whether the sponsor paid. */
  output_unavailable: { payment: Payment; reason: NonNullable<PaymentState["output_unavailable_reason"]> };
  /** The run is not over yet. Call `run` with the same idempotency key to go on waiting. */
  payment_pending: { payment: Payment; idempotency_key: string };
}

/** The details of each code. The type includes undefined if a code can come without details. */
export type ErrorDetails = ServerDetails & LocalDetails;
export type TollfreeErrorCode = keyof ErrorDetails;

/** What an error is constructed from. */
interface ErrorFields<Code extends TollfreeErrorCode> {
  message: string;
  details: ErrorDetails[Code];
  retryAllowed?: boolean;
  retryAfterSeconds?: number | undefined;
  fieldErrors?: readonly FieldError[];
  nextActions?: readonly NextAction[];
  requestId?: string | undefined;
  httpStatus?: number | undefined;
  cause?: unknown;
}

class CodedError<Code extends TollfreeErrorCode> extends Error {
  override readonly name = "TollfreeError";
  readonly code: Code;
  readonly details: ErrorDetails[Code];
  /** Whether the same call can succeed later: after waiting, or after its next actions were done. */
  readonly retryAllowed: boolean;
  /** Undefined if waiting doesn't help. */
  readonly retryAfterSeconds: number | undefined;
  /** Only with `validation_error`. Each `path` is a JSON Pointer into the request. */
  readonly fieldErrors: readonly FieldError[];
  readonly nextActions: readonly NextAction[];
  /** The request's id in the server's logs. Undefined if the server didn't respond. */
  readonly requestId: string | undefined;
  readonly httpStatus: number | undefined;

  constructor(code: Code, fields: ErrorFields<Code>) {
    super(fields.message, { cause: fields.cause });
    this.code = code;
    this.details = fields.details;
    this.retryAllowed = fields.retryAllowed ?? false;
    this.retryAfterSeconds = fields.retryAfterSeconds;
    this.fieldErrors = fields.fieldErrors ?? [];
    this.nextActions = fields.nextActions ?? [];
    this.requestId = fields.requestId;
    this.httpStatus = fields.httpStatus;
  }
}

/**
 * The error of this client. (An aborted call rejects with its signal's reason instead.) `code` is the
 * discriminator: a `switch` over it narrows `details`.
 *
 * @example
 * if (error instanceof TollfreeError) {
 *   switch (error.code) {
 *     case "scope_violation":
 *       return `not allowed: ${error.details.missing.join(", ")}`;
 *     case "cost_above_max":
 *       return `costs ${error.details.quoted_cents} cents`;
 *   }
 * }
 */
export type TollfreeError = { [Code in TollfreeErrorCode]: CodedError<Code> }[TollfreeErrorCode];

interface TollfreeErrorConstructor {
  new <Code extends TollfreeErrorCode>(code: Code, fields: ErrorFields<Code>): CodedError<Code>;
  /** `instanceof` narrows to the union, so that `code` then narrows `details`. */
  readonly prototype: TollfreeError;
}
export const TollfreeError: TollfreeErrorConstructor = CodedError;

/** Turns the server's error body into an error. */
export function fromErrorBody(body: ErrorBody, httpStatus: number): TollfreeError {
  return new TollfreeError(body.error_code, {
    message: body.message,
    details: body.details,
    retryAllowed: body.retry_allowed,
    retryAfterSeconds: body.retry_after_seconds,
    fieldErrors: body.field_errors ?? [],
    nextActions: body.next_actions,
    requestId: body.request_id,
    httpStatus,
  }) as TollfreeError; // code and details come from the same body, so they fit
}
