import type { ErrorDetails } from "./error-details.ts";
import type { NextAction } from "./next-actions.ts";

/**
 * THE catalogue: every error code with its HTTP status, whether the unchanged request can succeed later,
 * and its default public message. The tRPC code, the OpenAPI responses and docs/errors.md derive from it.
 *
 * `retry` is the rule for the code. Codes marked `"if_approval"` can only succeed later when the refusal
 * opened an approval a person can grant (product.md, api.md "Envelope").
 */
export const ERRORS = {
  validation_error: { status: 400, retry: false, message: "The request doesn't match the schema." },
  invalid_json: { status: 400, retry: false, message: "The request body is not valid JSON." },
  invalid_request: { status: 400, retry: false, message: "The request could not be parsed." },
  unauthorized: { status: 401, retry: false, message: "A valid credential is required." },
  session_expired: { status: 401, retry: false, message: "The session has expired. Authenticate again." },
  session_revoked: { status: 401, retry: false, message: "The session was revoked. Authenticate again." },
  payment_required: { status: 402, retry: false, message: "Payment is required." },
  consent_required: { status: 403, retry: "if_approval", message: "The user has not granted what is asked." },
  scope_violation: { status: 403, retry: false, message: "The session's scopes don't allow this." },
  data_consent_required: {
    status: 403,
    retry: "if_approval",
    message: "Personal data may not be sent without the user's consent.",
  },
  not_eligible: { status: 403, retry: false, message: "This campaign isn't for this user." },
  session_suspended: { status: 403, retry: true, message: "The session is suspended." },
  budget_approval_required: {
    status: 403,
    retry: "if_approval",
    message: "The budget doesn't allow this payment. The user can approve it.",
  },
  not_found: { status: 404, retry: false, message: "There is nothing here." },
  method_not_allowed: { status: 405, retry: false, message: "This method is not allowed here." },
  no_sponsor: { status: 409, retry: false, message: "No sponsor pays for this service." },
  sponsor_budget_exhausted: { status: 409, retry: false, message: "The sponsor's budget is used up." },
  user_cap_reached: { status: 409, retry: false, message: "The sponsor pays no more calls for this user." },
  cost_above_max: { status: 409, retry: false, message: "The price is above max_cost_cents." },
  inactive: { status: 409, retry: false, message: "This is paused." },
  conflict: { status: 409, retry: false, message: "This exists already." },
  duplicate_request: { status: 409, retry: true, message: "The same request was made a moment ago." },
  idempotency_in_progress: {
    status: 409,
    retry: true,
    message: "A request with this idempotency key is still running.",
  },
  price_changed: {
    status: 409,
    retry: false,
    message: "The upstream asks for more, or other terms, than what is registered.",
  },
  treasury_shortfall: { status: 409, retry: false, message: "The treasury doesn't cover this credit." },
  task_required: { status: 412, retry: true, message: "The sponsor's task has to be completed first." },
  payload_too_large: { status: 413, retry: false, message: "The request body is too large." },
  unsupported_media_type: { status: 415, retry: false, message: "Send application/json." },
  idempotency_conflict: {
    status: 422,
    retry: false,
    message: "This idempotency key was used with another request.",
  },
  rate_limited: { status: 429, retry: true, message: "Too many requests." },
  internal_error: { status: 500, retry: true, message: "Something went wrong on our side." },
  upstream_error: { status: 502, retry: true, message: "The upstream failed." },
  service_unavailable: { status: 503, retry: true, message: "A dependency is down." },
  payments_paused: { status: 503, retry: true, message: "Payments are paused by the operator." },
  upstream_timeout: { status: 504, retry: true, message: "The upstream didn't answer in time." },
} as const satisfies Record<string, { status: number; retry: boolean | "if_approval"; message: string }>;

export type ErrorCode = keyof typeof ERRORS;
export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** One refused field. `path` is a JSON Pointer into the request, at the field itself. */
export interface FieldError {
  path: string;
  message: string;
  keyword: string;
}

/** Terms of a payment as x402 v1 has them. */
export interface PaymentTerms {
  x402Version: 1;
  accepts: unknown[];
}

/** What `details` holds for a code: undefined for most, possibly undefined for some. */
export type DetailsOf<Code extends ErrorCode> = Code extends keyof ErrorDetails
  ? ErrorDetails[Code]
  : undefined;

export interface AppErrorOptions<Code extends ErrorCode = ErrorCode> {
  /** Replaces the catalogue's message. Public: never put internals here. */
  message?: string;
  /** What depends on the code (error-details.ts); goes to the wire as it is. */
  details?: DetailsOf<Code>;
  fieldErrors?: FieldError[];
  retryAfterSeconds?: number;
  /** Of a 402: what x402 v1 clients read, at the top of the body. */
  paymentTerms?: PaymentTerms;
  nextActions?: NextAction[];
  /** Extra response headers, such as `Allow`. */
  headers?: Record<string, string>;
  /** Internal; logged, never sent. */
  cause?: unknown;
}

/** Details that callers rely on can't be left out. */
type ConstructorOptions<Code extends ErrorCode> =
  undefined extends DetailsOf<Code>
    ? [options?: AppErrorOptions<Code>]
    : [options: AppErrorOptions<Code> & { details: DetailsOf<Code> }];

/** The only error the core throws on purpose. Anything else becomes a bland `internal_error`. */
export class AppError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "AppError";
  readonly code: Code;
  readonly status: number;
  readonly details: DetailsOf<Code> | undefined;
  readonly fieldErrors: FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly paymentTerms: PaymentTerms | undefined;
  readonly headers: Record<string, string>;
  nextActions: NextAction[];

  constructor(code: Code, ...[given]: ConstructorOptions<Code>) {
    const options: AppErrorOptions<Code> = given ?? {};
    super(options.message ?? ERRORS[code].message, { cause: options.cause });
    this.code = code;
    this.status = ERRORS[code].status;
    this.details = options.details;
    this.fieldErrors = options.fieldErrors;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.paymentTerms = options.paymentTerms;
    this.nextActions = options.nextActions ?? [];
    this.headers = options.headers ?? {};
  }

  /** As it is by itself; said here because `instanceof` would otherwise narrow to an `AppError<any>`. */
  static override [Symbol.hasInstance](thrown: unknown): thrown is AppError {
    return super[Symbol.hasInstance](thrown);
  }

  /** The same request, unchanged, can succeed later: after waiting, or after its next actions are done. */
  get retryAllowed(): boolean {
    const { retry } = ERRORS[this.code];
    const details = this.details as { approval_id?: string } | undefined;
    return retry === "if_approval" ? details?.approval_id !== undefined : retry;
  }
}

export const notFound = (what: string): AppError =>
  new AppError("not_found", { message: `There is no such ${what}.` });

export const invalidField = (path: string, message: string, keyword: string): AppError =>
  new AppError("validation_error", { message, fieldErrors: [{ path, message, keyword }] });
