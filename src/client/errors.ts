import type { ErrorBody, FieldError, NextAction, Payment, PaymentState } from "./types.ts";

/** Why the server refused a call: its catalogue of error codes. */
export type ErrorCode = ErrorBody["error_code"];

/** What a code's `details` hold, as the server promises them. */
type ServerDetails = { [Code in ErrorCode]: Extract<ErrorBody, { error_code: Code }>["details"] };

/** What can go wrong on this side of the wire. */
interface LocalDetails {
  /** No answer came, and repeating the call didn't help. */
  network_error: undefined;
  /** Something answered, but not with what Tollfree answers: a proxy's error page, say. */
  invalid_response: { status: number };
  approval_denied: { approval_id: string };
  /** The person didn't decide in time. */
  approval_expired: { approval_id: string };
  /** `hooks.onTask` returned nothing: the person doesn't want to do it. */
  task_declined: { campaign_id: string };
  /** The run is over and its output can't be had; the payment says whether the sponsor's money moved. */
  output_unavailable: { payment: Payment; reason: NonNullable<PaymentState["output_unavailable_reason"]> };
  /** The run isn't decided yet. Run again with the same idempotency key, and it goes on waiting. */
  payment_pending: { payment: Payment; idempotency_key: string };
}

/** The details of each code; undefined where a code has none, or may come without. */
export type ErrorDetails = ServerDetails & LocalDetails;
export type TollfreeErrorCode = keyof ErrorDetails;

interface Facts<Code extends TollfreeErrorCode> {
  message: string;
  details: ErrorDetails[Code];
  retryAllowed?: boolean;
  retryAfterSeconds?: number | undefined;
  fieldErrors?: readonly FieldError[];
  nextActions?: readonly NextAction[];
  requestId?: string;
  httpStatus?: number;
  cause?: unknown;
}

class CodedError<Code extends TollfreeErrorCode> extends Error {
  override readonly name = "TollfreeError";
  readonly code: Code;
  readonly details: ErrorDetails[Code];
  /** The same call, unchanged, can succeed later: after waiting, or after its next actions are done. */
  readonly retryAllowed: boolean;
  /** Only where waiting helps. */
  readonly retryAfterSeconds: number | undefined;
  /** On `validation_error`; each `path` is a JSON Pointer into the request. */
  readonly fieldErrors: readonly FieldError[];
  readonly nextActions: readonly NextAction[];
  /** Names the refused request in the server's logs. Undefined where no server answered. */
  readonly requestId: string | undefined;
  readonly httpStatus: number | undefined;

  constructor(code: Code, facts: Facts<Code>) {
    super(facts.message, { cause: facts.cause });
    this.code = code;
    this.details = facts.details;
    this.retryAllowed = facts.retryAllowed ?? false;
    this.retryAfterSeconds = facts.retryAfterSeconds;
    this.fieldErrors = facts.fieldErrors ?? [];
    this.nextActions = facts.nextActions ?? [];
    this.requestId = facts.requestId;
    this.httpStatus = facts.httpStatus;
  }
}

/**
 * The only error this client throws on purpose; an aborted call rejects with its signal's reason. `code` tells the
 * variants apart, so that a `switch` over it narrows `details`:
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
  new <Code extends TollfreeErrorCode>(code: Code, facts: Facts<Code>): CodedError<Code>;
  /** What `instanceof` narrows to: the union, not one error with every code. */
  readonly prototype: TollfreeError;
}
export const TollfreeError: TollfreeErrorConstructor = CodedError;

/** A refusal as the server sent it. */
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
  }) as TollfreeError; // code and details are of the same body
}
