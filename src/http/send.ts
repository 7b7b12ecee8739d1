import type { IncomingMessage, ServerResponse } from "node:http";
import type { WireError } from "../api/error-body.ts";
import { toWireError } from "../api/error-body.ts";
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

/** Answers with the error envelope where there is no operation, and so nothing to offer next. */
export function sendError(req: IncomingMessage, res: ServerResponse, thrown: unknown): WireError {
  const error = toWireError(thrown, { requestId: requestIdOf(req), renderActions: () => [] });
  sendJson(req, res, error.status, error.headers, error.body);
  return error;
}
