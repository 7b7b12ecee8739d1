import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReplyBytes, ReplyFile } from "../../api/procedure/context.ts";
import type { WireError } from "../../api/response/error-body.ts";
import { NO_CALL, toWireError } from "../../api/response/error-body.ts";
import { requestIdOf } from "./request-id.ts";
import { writeHead } from "./write-head.ts";

/** Sends a JSON response. For HEAD, sends the headers only. */
export function sendJson(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: unknown,
): void {
  sendText(req, res, status, headers, JSON.stringify(body));
}

/** The same for JSON that is text already. */
export function sendText(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  headers: Record<string, string>,
  text: string,
): void {
  if (res.headersSent) {
    res.destroy(); // another response was already begun; cutting it off shows that it is incomplete
    return;
  }
  writeHead(req, res, status, {
    ...headers,
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": String(Buffer.byteLength(text)),
  });
  res.end(req.method === "HEAD" ? undefined : text);
}

/**
 * Streams a file. Chunks are produced only as fast as the caller reads them. An error before the first chunk
 * is thrown before anything is sent, so the caller gets an error response. A later error cuts the connection,
 * so that the caller can't mistake a part of the file for the whole file.
 */
export async function sendFile(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  headers: Record<string, string>,
  { filename, contentType, chunks }: ReplyFile,
): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  writeHead(req, res, status, {
    ...headers,
    "Content-Type": contentType,
    "Content-Disposition": `attachment; filename="${filename}"`,
  });
  if (req.method === "HEAD") {
    await iterator.return?.();
    res.end();
    return;
  }
  try {
    await pipeline(Readable.from(resumeIteration(first, iterator)), res);
  } catch (error) {
    // The caller disconnected. That is not an error.
    if (!(error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE"))
      throw error;
  }
}

/**
 * Sends bytes that an upstream made, and that we don't trust. The headers stop browsers from running them as
 * a page of ours: a sandbox, and no guessing of the content type.
 */
export function sendBytes(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  headers: Record<string, string>,
  { contentType, body }: ReplyBytes,
): void {
  writeHead(req, res, status, {
    ...headers,
    "Content-Type": contentType === "" ? "application/octet-stream" : contentType,
    "Content-Length": String(body.length),
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
  });
  res.end(body);
}

/** Iterates over an iterator whose first step was already taken. */
async function* resumeIteration(
  first: IteratorResult<string>,
  iterator: AsyncIterator<string>,
): AsyncGenerator<string> {
  try {
    for (let step = first; step.done !== true; step = await iterator.next()) yield step.value;
  } finally {
    await iterator.return?.();
  }
}

/**
 * Sends the error envelope for a request without an operation, so without next actions. Returns what was
 * sent.
 */
export function sendError(req: IncomingMessage, res: ServerResponse, thrown: unknown): WireError {
  const error = toWireError(thrown, { ...NO_CALL, requestId: requestIdOf(req) });
  sendJson(req, res, error.status, error.headers, error.body);
  return error;
}
