import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { NO_CALL, toWireError } from "../api/response/error-body.ts";
import { AppError } from "../core/protocol/errors.ts";
import { sendError } from "./request/send.ts";

/**
 * Node's limits. `headersTimeout` must not exceed `requestTimeout`. Both limit receiving a request, not
 * answering it.
 */
const LIMITS = {
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
  requireHostHeader: false, // we refuse a missing Host header ourselves, with the error envelope
};

const IDLE_CHECK_MS = 50;

/** While the server stops: how long a connection without a request so far may still send one. */
const FIRST_REQUEST_MS = 1_000;

/** How long a caller may take to read an answer once it is complete. It is kept in memory until then. */
const READ_ANSWER_MS = 60_000;

/** How long a refused connection stays open, so that the client can read the error response. */
const READ_REFUSAL_MS = 1_000;

/** Open connections, each with its latest response. Undefined if no request has arrived yet. */
type Connections = Map<Duplex, ServerResponse | undefined>;

export interface RunningServer {
  url: string;
  /**
   * Stops accepting connections, and resolves when all requests in flight are answered. Cuts the connections
   * that are still open after `deadlineMs`.
   */
  close(deadlineMs: number): Promise<void>;
}

/** Starts listening. Port 0 means any free port. @throws Error if the port is taken */
export async function startServer(
  listener: RequestListener,
  { host, port, readAnswerMs = READ_ANSWER_MS }: { host: string; port: number; readAnswerMs?: number },
): Promise<RunningServer> {
  const server = createServer(LIMITS);
  const connections: Connections = new Map();
  server.on("connection", (socket) => {
    connections.set(socket, undefined);
    socket.once("close", () => connections.delete(socket));
  });

  const accept = (req: IncomingMessage, res: ServerResponse): void => {
    connections.set(req.socket, res);
    res.once("prefinish", () => cutOffUnread(res, readAnswerMs));
    if (req.headers.host === undefined && req.httpVersion !== "1.0") {
      sendError(req, res, new AppError("invalid_request", { message: "The Host header is missing." }));
      return;
    }
    listener(req, res);
  };
  server.on("request", accept);
  // Nothing came or went for so long. A call that is under way may take longer, as long as nothing of its answer waits.
  server.setTimeout(readAnswerMs, (socket) => {
    const response = connections.get(socket);
    const isWorking = response !== undefined && !response.writableEnded && socket.writableLength === 0;
    if (!isWorking) socket.destroy();
  });
  server.on("checkExpectation", (req, res) => sendError(req, res, new AppError("invalid_request")));
  server.on("connect", (_req, socket) => refuseRaw(socket));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const response = connections.get(socket);
    const isResponding = response !== undefined && response.headersSent && !response.writableEnded;
    if (error.code === "ECONNRESET" || !socket.writable || isResponding) socket.destroy();
    else refuseRaw(socket, error.code);
  });

  server.listen(port, host);
  await once(server, "listening"); // rejects if the port is taken
  return {
    url: urlOf(server.address() as AddressInfo),
    close: (deadlineMs) => close(server, connections, deadlineMs),
  };
}

/** Cuts the connection if the answer isn't read in time. */
function cutOffUnread(res: ServerResponse, readAnswerMs: number): void {
  if (res.writableFinished) return;
  const { socket } = res;
  const timer = setTimeout(() => socket?.destroy(), readAnswerMs);
  const stop = (): void => clearTimeout(timer);
  res.once("finish", stop).once("close", stop);
}

function close(server: Server, connections: Connections, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const started = performance.now();
    // A connection that is busy now becomes idle later and would stay open, so idle ones are closed
    // repeatedly. Node doesn't count a connection as idle that never sent a request. Its first request may be
    // on its way, so it is closed only after a moment.
    const idleCheck = setInterval(() => {
      server.closeIdleConnections();
      if (performance.now() - started < FIRST_REQUEST_MS) return;
      for (const [socket, response] of connections) if (response === undefined) socket.destroy();
    }, IDLE_CHECK_MS);
    const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
    server.close(() => {
      clearInterval(idleCheck);
      clearTimeout(deadline);
      resolve();
    });
  });
}

/**
 * Answers 400 on the bare socket. If Node's HTTP parser refuses the bytes, there is no request object and no
 * response object, so the response is written by hand.
 */
function refuseRaw(socket: Duplex, code?: string): void {
  const requestId = randomUUID();
  const message = MESSAGE_BY_ERROR_CODE.get(code ?? "");
  const error = new AppError("invalid_request", message === undefined ? {} : { message });
  const { body } = toWireError(error, { ...NO_CALL, requestId });
  const text = JSON.stringify(body);
  socket.end(
    [
      "HTTP/1.1 400 Bad Request",
      "Content-Type: application/json; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(text)}`,
      "Cache-Control: no-store",
      `X-Request-Id: ${requestId}`,
      "Connection: close",
      "",
      text,
    ].join("\r\n"),
  );
  setTimeout(() => socket.destroy(), READ_REFUSAL_MS).unref();
}

const MESSAGE_BY_ERROR_CODE = new Map([
  ["HPE_HEADER_OVERFLOW", "The request's headers are too large."],
  ["ERR_HTTP_REQUEST_TIMEOUT", "The request took too long to arrive."],
]);

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
