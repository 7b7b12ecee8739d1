import type { ErrorDetails } from "./error-details.ts";
import type { NextAction } from "./next-actions.ts";

/**
 * All error codes: HTTP status, whether the unchanged request can succeed later (`retry`), and the default public
 * message. The tRPC code, the OpenAPI responses and docs/errors.md derive from this table.
 *
 * `retry: "if_approval"`: the unchanged request can succeed later only if this error opened an approval.
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
  forbidden: { status: 403, retry: false, message: "Your role doesn't allow this." },
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

/** One refused field. `path` is a JSON Pointer to the field in the request. */
export interface FieldError {
  path: string;
  message: string;
  keyword: string;
}

/** The terms of a payment in the format of x402 v1. */
export interface PaymentTerms {
  x402Version: 1;
  accepts: unknown[];
}

/** The type of `details` for an error code. It is `undefined` for codes without details. */
export type DetailsOf<Code extends ErrorCode> = Code extends keyof ErrorDetails
  ? ErrorDetails[Code]
  : undefined;

export interface AppErrorOptions<Code extends ErrorCode = ErrorCode> {
  /** Replaces the default message. Callers see it: never put internals here. */
  message?: string;
  /** The code's own fields (error-details.ts). They are sent unchanged. */
  details?: DetailsOf<Code>;
  /** Names in `message` that a sponsor chose. If one could hold a sentence, readers who ask for quiet get the default message. */
  namesInMessage?: readonly string[];
  fieldErrors?: FieldError[];
  retryAfterSeconds?: number;
  /** Replaces the code's own `retry`. */
  retryAllowed?: boolean;
  /** Only for a 402. Its fields go to the top level of the body, where x402 v1 clients read them. */
  paymentTerms?: PaymentTerms;
  nextActions?: NextAction[];
  /** Extra response headers, such as `Allow`. */
  headers?: Record<string, string>;
  /** The original error. It is logged, never sent. */
  cause?: unknown;
}

/** The constructor's options. They are required if the code's details are required. */
type ConstructorOptions<Code extends ErrorCode> =
  undefined extends DetailsOf<Code>
    ? [options?: AppErrorOptions<Code>]
    : [options: AppErrorOptions<Code> & { details: DetailsOf<Code> }];

/** The only error that the core throws on purpose. Callers see any other error as `internal_error`. */
export class AppError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "AppError";
  readonly code: Code;
  readonly status: number;
  readonly details: DetailsOf<Code> | undefined;
  readonly namesInMessage: readonly string[];
  readonly fieldErrors: FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly paymentTerms: PaymentTerms | undefined;
  readonly headers: Record<string, string>;
  readonly #retryAllowed: boolean | undefined;
  nextActions: NextAction[];

  constructor(code: Code, ...[givenOptions]: ConstructorOptions<Code>) {
    const options: AppErrorOptions<Code> = givenOptions ?? {};
    super(options.message ?? ERRORS[code].message, { cause: options.cause });
    this.code = code;
    this.status = ERRORS[code].status;
    this.details = options.details;
    this.namesInMessage = options.namesInMessage ?? [];
    this.fieldErrors = options.fieldErrors;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.paymentTerms = options.paymentTerms;
    this.nextActions = options.nextActions ?? [];
    this.headers = options.headers ?? {};
    this.#retryAllowed = options.retryAllowed;
  }

  /** Changes only the type: without it, `instanceof AppError` narrows to `AppError<any>`. */
  static override [Symbol.hasInstance](thrown: unknown): thrown is AppError {
    return super[Symbol.hasInstance](thrown);
  }

  /** Whether the unchanged request can succeed later: after waiting, or after its next actions are done. */
  get retryAllowed(): boolean {
    if (this.#retryAllowed !== undefined) return this.#retryAllowed;
    const { retry } = ERRORS[this.code];
    const details = this.details as { approval_id?: string } | undefined;
    return retry === "if_approval" ? details?.approval_id !== undefined : retry;
  }
}

/** Builds a `not_found` error. `what` is the missing thing's name in the message, such as "agent". */
export const notFound = (what: string): AppError =>
  new AppError("not_found", { message: `There is no such ${what}.` });

/** Builds a `validation_error` for one field. `path` is a JSON Pointer into the request. */
export const invalidField = (path: string, message: string, keyword: string): AppError =>
  new AppError("validation_error", { message, fieldErrors: [{ path, message, keyword }] });
