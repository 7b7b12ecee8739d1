import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReplyFile } from "../../api/procedure/context.ts";
import type { WireError } from "../../api/response/error-body.ts";
import { toWireError } from "../../api/response/error-body.ts";
import { requestIdOf } from "./request-id.ts";

/** Answers with JSON. To a HEAD it says the same without the body. */
export function sendJson(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: unknown,
): void {
  const text = JSON.stringify(body);
  if (res.headersSent) {
    res.destroy(); // an answer was begun that can't be taken back
    return;
  }
  res.writeHead(status, {
    "Cache-Control": "no-store",
    ...headers,
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
    "X-Request-Id": requestIdOf(req),
  });
  res.end(req.method === "HEAD" ? undefined : text);
}

/**
 * Answers with a file, as fast as it is read and no faster than it is made. What fails before its first chunk is
 * thrown, to be refused like anything else; what fails later breaks the answer off, so that nobody takes a part of
 * the file for all of it.
 */
export async function sendFile(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  headers: Record<string, string>,
  { filename, contentType, chunks }: ReplyFile,
): Promise<void> {
  const rest = chunks[Symbol.asyncIterator]();
  const first = await rest.next();
  res.writeHead(status, {
    "Cache-Control": "no-store",
    ...headers,
    "Content-Type": contentType,
    "Content-Disposition": `attachment; filename="${filename}"`,
    "X-Request-Id": requestIdOf(req),
  });
  if (req.method === "HEAD") {
    await rest.return?.();
    res.end();
    return;
  }
  try {
    await pipeline(Readable.from(continued(first, rest)), res);
  } catch (error) {
    // The caller left, which is nobody's fault.
    if (!(error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE"))
      throw error;
  }
}

/**
 * Answers with bytes that a stranger made. No browser takes them for a page of ours: they are sandboxed, and of the
 * type they say.
 */
export function sendBytes(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  headers: Record<string, string>,
  { contentType, body }: { contentType: string; body: Buffer },
): void {
  res.writeHead(status, {
    "Cache-Control": "no-store",
    ...headers,
    "Content-Type": contentType === "" ? "application/octet-stream" : contentType,
    "Content-Length": body.length,
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Request-Id": requestIdOf(req),
  });
  res.end(body);
}

/** An iteration whose first step was taken already. */
async function* continued(
  first: IteratorResult<string>,
  rest: AsyncIterator<string>,
): AsyncGenerator<string> {
  try {
    for (let step = first; step.done !== true; step = await rest.next()) yield step.value;
  } finally {
    await rest.return?.();
  }
}

/** Answers with the error envelope where there is no operation, and so nothing to offer next. */
export function sendError(req: IncomingMessage, res: ServerResponse, thrown: unknown): WireError {
  const error = toWireError(thrown, { requestId: requestIdOf(req), renderActions: () => [] });
  sendJson(req, res, error.status, error.headers, error.body);
  return error;
}
