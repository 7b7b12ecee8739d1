import type { IncomingMessage } from "node:http";
import type { Span } from "@opentelemetry/api";
import type { Surface } from "../../api/operation/operation-meta.ts";
import type { Operation } from "../../api/operation/operations.ts";
import { auditCall } from "../../api/procedure/audit-call.ts";
import type { ApiContext, ReplyBytes, ReplyFile } from "../../api/procedure/context.ts";
import { recognizeCaller } from "../../api/procedure/credentials.ts";
import { countCall } from "../../api/procedure/rate-limits.ts";
import { runProcedure } from "../../api/procedure/run-procedure.ts";
import { conciseAnswer, conciseRefusal } from "../../api/response/concise/index.ts";
import type { WireError } from "../../api/response/error-body.ts";
import { toAppError, toWireError } from "../../api/response/error-body.ts";
import { quietAnswer } from "../../api/response/quiet-answer.ts";
import { repeatedCall } from "../../api/response/repeated-call.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { next } from "../../core/protocol/next-actions.ts";
import { omitAbsentFields } from "../request/absent-fields.ts";
import type { Target } from "../request/request-target.ts";
import type { Api } from "./call-context.ts";

/** The operation that a request calls. The input is read only when the operation asks for it. */
export interface Call {
  operation: Operation;
  readInput(): Promise<unknown>;
  /** The call asks what the operation costs, and must not run it. */
  asksPrice?: boolean;
}

/** A protocol over HTTP: how a request names its operation and input, and how the response body is built. */
export interface Transport {
  name: ApiContext["transport"];
  /** The surface of a path, even if no operation has this path. Undefined if the path is under no surface. */
  surfaceOf(path: string): Surface | undefined;
  /**
   * Finds the called operation. For OPTIONS, returns the value of the `Allow` header instead.
   * @throws AppError `not_found` or `method_not_allowed` if no operation answers this method and path
   */
  locate(req: IncomingMessage, target: Target): Call | { allow: string };
  success(data: unknown): unknown;
  failure(error: WireError, operation: Operation | undefined): unknown;
}

/** A request that matches no operation, and the error that says so. */
export interface NotFound {
  refusal: unknown;
}

/** Returns what `locate` found, or what it threw. */
export function find<Found>(locate: () => Found): Found | NotFound {
  try {
    return locate();
  } catch (refusal) {
    return { refusal };
  }
}

/** How a call ended, ready to be sent. */
export interface Outcome {
  /** Undefined if the request matches no operation. */
  operation: Operation | undefined;
  status: number;
  headers: Record<string, string>;
  /** A file or an upstream's bytes take the place of the JSON text. */
  content: { text: string } | { file: ReplyFile } | { bytes: ReplyBytes };
  error?: WireError;
}

/** Stands in audit rows, metrics and logs for the operation id if a request matches no operation. */
export const UNMATCHED = "unmatched";

export const noSuchRoute = (): AppError =>
  new AppError("not_found", { message: "There is no such operation.", nextActions: [next.auth()] });

/**
 * Makes a call. It never throws. Its audit row is durable when this returns.
 * @param isUnderSurface whether the path is under a surface, so that a call without an operation is audited too
 */
export async function performCall(
  ctx: ApiContext,
  transport: Pick<Transport, "success" | "failure">,
  found: Call | NotFound,
  isUnderSurface = true,
): Promise<Outcome> {
  if ("refusal" in found) {
    const cause = isUnderSurface ? await countAndAuditRefusal(ctx, found.refusal) : found.refusal;
    return failed(ctx, transport, undefined, cause);
  }
  ctx.asksPrice = found.asksPrice === true;
  let sent: unknown;
  const readInput = async (): Promise<unknown> => (sent = await found.readInput());
  try {
    return await callProcedure(ctx, transport, { ...found, readInput });
  } catch (thrown) {
    return failed(ctx, transport, found.operation, offerRepetition(thrown, found.operation, sent));
  }
}

/** Adds the same call again to a refused input that leads nowhere yet. */
function offerRepetition(thrown: unknown, operation: Operation, sent: unknown): AppError {
  const error = toAppError(thrown);
  if (error.code === "validation_error" && error.nextActions.length === 0)
    error.nextActions = repeatedCall(operation, sent);
  return error;
}

async function callProcedure(
  ctx: ApiContext,
  transport: Pick<Transport, "success">,
  call: Call,
): Promise<Outcome> {
  const { operation } = call;
  let choseLimit = false;
  const data = await runProcedure(operation.procedure, {
    ctx,
    path: operation.name,
    type: operation.type,
    getRawInput: once(async () => {
      const input = omitAbsentFields(operation, await call.readInput());
      if (typeof input === "object" && input !== null) {
        choseLimit = "limit" in input;
        if (ctx.surface === "gpt" && "detail" in input && input.detail === "concise") ctx.detail = "concise";
      }
      return input;
    }),
  });
  const { status = 200, headers, file, bytes } = ctx.reply;
  const answer = (): unknown => {
    const readable = ctx.isQuiet() ? quietAnswer(operation.output, data) : data;
    return ctx.detail === "concise" ? conciseAnswer(operation, readable, { choseLimit }) : readable;
  };
  const content =
    bytes !== undefined
      ? { bytes }
      : file !== undefined
        ? { file }
        : { text: JSON.stringify(transport.success(answer())) };
  return { operation, status, headers, content };
}

/** The outcome of a call that threw. */
export function failed(
  ctx: ApiContext,
  transport: Pick<Transport, "failure">,
  operation: Operation | undefined,
  thrown: unknown,
): Outcome {
  const full = toWireError(thrown, ctx);
  const error = ctx.detail === "concise" ? { ...full, body: conciseRefusal(full.body) } : full;
  return {
    operation,
    status: error.status,
    headers: { ...ctx.reply.headers, ...error.headers },
    content: { text: JSON.stringify(transport.failure(error, operation)) },
    error,
  };
}

/**
 * Counts a request without an operation against its caller's limit, and audits it, as for any other call.
 * @returns the error to answer with: the given one, `rate_limited`, or the failure to write the audit row
 */
async function countAndAuditRefusal(ctx: ApiContext, thrown: unknown): Promise<unknown> {
  let error = toAppError(thrown);
  try {
    const caller = await recognizeCaller(ctx);
    if (caller !== undefined) await countCall(ctx, caller, UNMATCHED);
  } catch (overLimit) {
    error = toAppError(overLimit);
  }
  try {
    await auditCall(ctx, UNMATCHED, () => Promise.resolve(undefined), { status: error.status, error });
    return error;
  } catch (auditError) {
    return auditError;
  }
}

/**
 * Records a call for operators: metrics, span and log line. For a 5xx, the log line has the internal cause.
 * @param started when it began, by `performance.now()`
 */
export function recordCall(
  { deps: { log }, countRequest }: Api,
  ctx: ApiContext,
  span: Span,
  started: number,
  { operation, status, error }: Outcome,
): void {
  const ms = performance.now() - started;
  const { transport, surface } = ctx;
  const id = operation?.id ?? UNMATCHED;
  const errorCode = error?.body.error_code;
  countRequest({ surface, operation: id, transport, status, errorCode, seconds: ms / 1000 });
  if (span.isRecording()) {
    span.updateName(id);
    span.setAttributes({
      surface,
      transport,
      request_id: ctx.requestId,
      "http.response.status_code": status,
    });
    if (errorCode !== undefined) span.setAttribute("error.type", errorCode);
  }
  const fields = {
    ...(span.isRecording() && { trace_id: span.spanContext().traceId }),
    request_id: ctx.requestId,
    transport,
    surface,
    operation: id,
    status,
    ms: Math.round(ms),
    ...(errorCode !== undefined && { error_code: errorCode }),
    ...(ctx.hasLeft() && { aborted: true }),
  };
  if (error === undefined || status < 500) log.info(fields, "request");
  else log.error({ ...fields, err: error.cause }, "request");
}

/** Calls `read` at most once, and returns the same promise each time. */
function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let result: Promise<Value> | undefined;
  return () => (result ??= read());
}
