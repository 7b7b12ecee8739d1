import type { IncomingMessage, ServerResponse } from "node:http";
import type { Span } from "@opentelemetry/api";
import type { Surface } from "../../api/operation/operation-meta.ts";
import type { Operation } from "../../api/operation/operations.ts";
import { auditCall } from "../../api/procedure/audit-call.ts";
import type { ApiContext, Authenticators } from "../../api/procedure/context.ts";
import type { CredentialGuard } from "../../api/procedure/credential-guard.ts";
import { identify } from "../../api/procedure/credentials.ts";
import { countCall } from "../../api/procedure/rate-limits.ts";
import type { WireError } from "../../api/response/error-body.ts";
import { toAppError, toWireError } from "../../api/response/error-body.ts";
import type { RenderNextActions } from "../../api/response/render-next-actions.ts";
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

/** What every call needs and every transport passes on. */
export interface Api {
  deps: Deps;
  authenticators: Authenticators;
  credentialGuard: CredentialGuard;
  audit: AuditLog;
  countRequest: Meter["countRequest"];
  clientAddress: (req: IncomingMessage) => string;
  renderNextActions: RenderNextActions;
}

/** The operation a request means. Its input is read only once the operation wants it. */
export interface Call {
  operation: Operation;
  readInput(): Promise<unknown>;
}

/** How procedures are reached over HTTP, and how their answers are framed. */
export interface Transport {
  name: ApiContext["transport"];
  /** The surface a path lies under, whether or not there is something. */
  surfaceOf(path: string): Surface | undefined;
  /** @throws AppError where no operation answers this method and path */
  locate(req: IncomingMessage, target: Target): Call | { allow: string };
  success(data: unknown): unknown;
  failure(error: WireError, operation: Operation | undefined): unknown;
}

export type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** The operation audit rows name where a request means none. */
const UNMATCHED = "unmatched";

export const noSuchRoute = (): AppError =>
  new AppError("not_found", { message: "There is no such operation.", nextActions: [next.auth()] });

/** One request, from the socket to the procedure and back: the same for every transport. */
export function createCallHandler(api: Api, transport: Transport): Handler {
  const exchange = async (req: IncomingMessage, res: ServerResponse, span: Span): Promise<void> => {
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
      report(api, ctx, span, { operation, started, status });
    } catch (thrown) {
      const cause =
        operation === undefined && surface !== undefined ? await settleRefusal(ctx, thrown) : thrown;
      const error = toWireError(cause, ctx);
      sendJson(
        req,
        res,
        error.status,
        { ...ctx.reply.headers, ...error.headers },
        transport.failure(error, operation),
      );
      report(api, ctx, span, { operation, started, status: error.status, error });
    }
  };
  return (req, res) => inSpan(UNMATCHED, {}, (span) => exchange(req, res, span));
}

function createContext(
  { clientAddress, renderNextActions, ...api }: Api,
  transport: Transport,
  req: IncomingMessage,
  res: ServerResponse,
  target: Target,
  surface: Surface,
): ApiContext {
  const left = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) left.abort();
  });
  const carried: ApiContext["carried"] = {};
  return {
    ...api,
    transport: transport.name,
    surface,
    requestId: requestIdOf(req),
    headers: req.headers,
    endpoint: target.path,
    clientAddress: clientAddress(req),
    signal: left.signal,
    reply: { headers: {} },
    subject: {},
    carried,
    renderActions: (actions) => renderNextActions(surface, actions, carried),
  };
}

/**
 * A call that means no operation counts against its caller's limit and is audited like any other.
 * @returns what to answer: the refusal, that there were too many, or why it couldn't be audited
 */
async function settleRefusal(ctx: ApiContext, thrown: unknown): Promise<unknown> {
  let error = toAppError(thrown);
  try {
    const caller = await identify(ctx);
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

interface Answered {
  operation: Operation | undefined;
  started: number;
  status: number;
  error?: WireError;
}

/** What operators see of a call: its metrics, its span, and a line with the internal cause where it is our fault. */
function report(
  { deps: { log }, countRequest }: Api,
  ctx: ApiContext,
  span: Span,
  { operation, started, status, error }: Answered,
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

function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let result: Promise<Value> | undefined;
  return () => (result ??= read());
}
