import type { TRPC_ERROR_CODE_KEY } from "@trpc/server";
import { TRPCError } from "@trpc/server";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import { z } from "zod";
import type { ErrorCode } from "../../core/protocol/errors.ts";
import { AppError } from "../../core/protocol/errors.ts";
import type { NextAction } from "../../core/protocol/next-actions.ts";
import { findDependencyFailure } from "./dependency-failure.ts";
import type { ErrorEnvelope, TrpcErrorShape, WireNextAction } from "./envelope.ts";
import { toFieldErrors } from "./field-errors.ts";
import { quietError } from "./quiet-answer.ts";

/** The parts of a call that its error body needs. */
export interface CallToAnswer {
  requestId: string;
  /** Whether the answer must have no text of sponsors and sellers. It is known once the caller is. */
  isQuiet(): boolean;
  renderActions(actions: NextAction[]): WireNextAction[];
}

/** Stands in for the call if an error happens before there is one. Our transports always have one. */
export const NO_CALL: CallToAnswer = { requestId: "", isQuiet: () => false, renderActions: () => [] };

/** An error ready to be sent. `cause` goes to the log only, never to the caller. */
export interface WireError {
  status: number;
  headers: Record<string, string>;
  body: ErrorEnvelope;
  cause: unknown;
}

/** How long a caller should wait, for errors that don't say it themselves. */
const DEFAULT_RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = { service_unavailable: 5 };

/**
 * Turns any thrown value into an error response. This is the only function that does so. A value that isn't
 * an AppError becomes a generic error: its own text never reaches the caller.
 */
export function toWireError(thrown: unknown, call: CallToAnswer): WireError {
  const error = toAppError(thrown);
  const waitSeconds = error.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS[error.code];
  const retryAfter = waitSeconds === undefined ? undefined : Math.max(1, Math.ceil(waitSeconds));
  const body = {
    status: "error",
    error_code: error.code,
    message: error.message,
    retry_allowed: error.retryAllowed,
    ...(retryAfter !== undefined && { retry_after_seconds: retryAfter }),
    ...(error.fieldErrors !== undefined && { field_errors: error.fieldErrors }),
    ...(error.details !== undefined && { details: error.details }),
    next_actions: call.renderActions(error.nextActions),
    request_id: call.requestId,
    ...error.paymentTerms,
  } as ErrorEnvelope; // AppError guarantees that the details fit the code
  return {
    status: error.status,
    headers: {
      ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
      ...(error.status === 401 && { "WWW-Authenticate": "Bearer" }),
      ...error.headers,
    },
    body: call.isQuiet() ? quietError(body, error) : body,
    cause: error.cause,
  };
}

/** Turns any thrown value into an AppError that a caller may see. The original value is kept in `cause`. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof TRPCError) return fromTrpcError(thrown);
  return fromUnknown(thrown);
}

/**
 * Our code for errors that tRPC itself throws. `INTERNAL_SERVER_ERROR` is not here: it wraps a procedure's
 * error.
 */
const ERROR_CODE_BY_TRPC_CODE: Partial<Record<TRPC_ERROR_CODE_KEY, ErrorCode>> = {
  PARSE_ERROR: "invalid_json",
  BAD_REQUEST: "invalid_request",
  UNAUTHORIZED: "unauthorized",
  NOT_FOUND: "not_found",
  METHOD_NOT_SUPPORTED: "method_not_allowed",
  PAYLOAD_TOO_LARGE: "payload_too_large",
  UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
  TOO_MANY_REQUESTS: "rate_limited",
};

function fromTrpcError(error: TRPCError): AppError {
  const { cause } = error;
  if (cause instanceof AppError) return cause;
  if (error.code === "BAD_REQUEST" && cause instanceof z.ZodError) return invalidInput(cause, undefined);
  if (error.code === "BAD_REQUEST" && cause instanceof SyntaxError)
    return new AppError("invalid_json", { cause });
  const code = ERROR_CODE_BY_TRPC_CODE[error.code];
  return code === undefined ? fromUnknown(cause ?? error) : new AppError(code, { cause: error });
}

const fromUnknown = (thrown: unknown): AppError =>
  new AppError(findDependencyFailure(thrown) !== undefined ? "service_unavailable" : "internal_error", {
    cause: thrown,
  });

/** The `validation_error` for an input that a schema refused. */
export const invalidInput = (error: z.ZodError, input: unknown): AppError =>
  new AppError("validation_error", { fieldErrors: toFieldErrors(error, input), cause: error });

/** The tRPC code for each HTTP status that we use. */
const TRPC_CODE_BY_STATUS: Record<number, TRPC_ERROR_CODE_KEY> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  402: "PAYMENT_REQUIRED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  405: "METHOD_NOT_SUPPORTED",
  409: "CONFLICT",
  412: "PRECONDITION_FAILED",
  413: "PAYLOAD_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
  422: "UNPROCESSABLE_CONTENT",
  429: "TOO_MANY_REQUESTS",
  502: "BAD_GATEWAY",
  503: "SERVICE_UNAVAILABLE",
  504: "GATEWAY_TIMEOUT",
};

/** Turns an error response into tRPC's error shape. `path` is the procedure's, if one was found. */
export function toTrpcErrorShape({ status, body }: WireError, path: string | undefined): TrpcErrorShape {
  const code = TRPC_CODE_BY_STATUS[status] ?? "INTERNAL_SERVER_ERROR";
  return {
    code: TRPC_ERROR_CODES_BY_KEY[code],
    message: body.message,
    data: { ...body, code, httpStatus: status, ...(path !== undefined && { path }) },
  };
}
