import type { IncomingMessage, ServerResponse } from "node:http";
import type { Span } from "@opentelemetry/api";
import type { Surface } from "../../api/operation/operation-meta.ts";
import type { Operation } from "../../api/operation/operations.ts";
import { auditCall } from "../../api/procedure/audit-call.ts";
import type { ApiContext, Authenticators } from "../../api/procedure/context.ts";
import type { CredentialGuard } from "../../api/procedure/credential-guard.ts";
import { recognizeCaller } from "../../api/procedure/credentials.ts";
import { countCall } from "../../api/procedure/rate-limits.ts";
import type { WireError } from "../../api/response/error-body.ts";
import { toAppError, toWireError } from "../../api/response/error-body.ts";
import type { RenderNextActions, RepeatedFields } from "../../api/response/render-next-actions.ts";
import type { Deps } from "../../core/context.ts";
import type { AuditLog } from "../../core/observability/audit/index.ts";
import type { Meter } from "../../core/ports/meter.ts";
import { inSpan } from "../../core/ports/tracing.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { next } from "../../core/protocol/next-actions.ts";
import { requestIdOf } from "../request/request-id.ts";
import type { Target } from "../request/request-target.ts";
import { targetOf } from "../request/request-target.ts";
import { sendBytes, sendFile, sendJson } from "../request/send.ts";

/** What all transports share. Every call gets it in its context. */
export interface Api {
  deps: Deps;
  authenticators: Authenticators;
  credentialGuard: CredentialGuard;
  audit: AuditLog;
  countRequest: Meter["countRequest"];
  clientAddress: (req: IncomingMessage) => string;
  renderNextActions: RenderNextActions;
}

/** The operation that a request calls. The input is read only when the operation asks for it. */
export interface Call {
  operation: Operation;
  readInput(): Promise<unknown>;
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

export type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** Stands in audit rows, metrics and logs for the operation id if a request matches no operation. */
const UNMATCHED = "unmatched";

export const noSuchRoute = (): AppError =>
  new AppError("not_found", { message: "There is no such operation.", nextActions: [next.auth()] });

/**
 * Creates the handler of a transport's requests: it calls the procedure, sends the response, and records the
 * call.
 */
export function createCallHandler(api: Api, transport: Transport): Handler {
  const handle = async (req: IncomingMessage, res: ServerResponse, span: Span): Promise<void> => {
    const started = performance.now();
    const target = targetOf(req);
    const surface = transport.surfaceOf(target.path);
    const ctx = createContext(api, transport, req, res, target, surface ?? "agent");
    let operation: Operation | undefined;
    try {
      const located = transport.locate(req, target);
      if ("allow" in located) {
        res.writeHead(204, { Allow: located.allow, "X-Request-Id": ctx.requestId }).end();
        return;
      }
      operation = located.operation;
      const data: unknown = await operation.procedure({
        ctx,
        path: operation.name,
        type: operation.type,
        getRawInput: once(() => located.readInput()),
        signal: ctx.signal,
        batchIndex: 0,
      });
      const status = ctx.reply.status ?? 200;
      const { headers, file, bytes } = ctx.reply;
      if (bytes !== undefined) sendBytes(req, res, status, headers, bytes);
      else if (file === undefined) sendJson(req, res, status, headers, transport.success(data));
      else await sendFile(req, res, status, headers, file);
      recordCall(api, ctx, span, { operation, started, status });
    } catch (thrown) {
      const cause =
        operation === undefined && surface !== undefined ? await countAndAuditRefusal(ctx, thrown) : thrown;
      const error = toWireError(cause, ctx);
      sendJson(
        req,
        res,
        error.status,
        { ...ctx.reply.headers, ...error.headers },
        transport.failure(error, operation),
      );
      recordCall(api, ctx, span, { operation, started, status: error.status, error });
    }
  };
  return (req, res) => inSpan(UNMATCHED, {}, (span) => handle(req, res, span));
}

function createContext(
  { clientAddress, renderNextActions, ...api }: Api,
  transport: Transport,
  req: IncomingMessage,
  res: ServerResponse,
  target: Target,
  surface: Surface,
): ApiContext {
  const disconnected = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) disconnected.abort();
  });
  const repeatedFields: RepeatedFields = {};
  return {
    ...api,
    transport: transport.name,
    surface,
    requestId: requestIdOf(req),
    headers: req.headers,
    endpoint: target.path,
    clientAddress: clientAddress(req),
    signal: disconnected.signal,
    reply: { headers: {} },
    subject: {},
    repeatedFields,
    renderActions: (actions) => renderNextActions(surface, actions, repeatedFields),
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
    await auditCall(ctx, UNMATCHED, undefined, { status: error.status, error });
    return error;
  } catch (auditError) {
    return auditError;
  }
}

interface CallResult {
  operation: Operation | undefined;
  started: number;
  status: number;
  error?: WireError;
}

/**
 * Records a call for operators: metrics, span and log line. For a 5xx, the log line has the internal cause.
 */
function recordCall(
  { deps: { log }, countRequest }: Api,
  ctx: ApiContext,
  span: Span,
  { operation, started, status, error }: CallResult,
): void {
  const ms = performance.now() - started;
  const { transport, surface } = ctx;
  const id = operation?.id ?? UNMATCHED;
  const errorCode = error?.body.error_code;
  countRequest({ surface, operation: id, transport, status, errorCode, seconds: ms / 1000 });
  span.updateName(id);
  span.setAttributes({ surface, transport, request_id: ctx.requestId, "http.response.status_code": status });
  if (errorCode !== undefined) span.setAttribute("error.type", errorCode);
  const fields = {
    ...(span.isRecording() && { trace_id: span.spanContext().traceId }),
    request_id: ctx.requestId,
    transport,
    surface,
    operation: id,
    status,
    ms: Math.round(ms),
    ...(errorCode !== undefined && { error_code: errorCode }),
    ...(ctx.signal.aborted && { aborted: true }),
  };
  if (error === undefined || status < 500) log.info(fields, "request");
  else log.error({ ...fields, err: error.cause }, "request");
}

/** Calls `read` at most once, and returns the same promise each time. */
function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let result: Promise<Value> | undefined;
  return () => (result ??= read());
}
