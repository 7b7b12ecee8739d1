import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { toWireError } from "../api/response/error-body.ts";
import { AppError } from "../core/protocol/errors.ts";
import { sendError } from "./request/send.ts";

/** `headersTimeout` may not exceed `requestTimeout`; both are about receiving, not about answering. */
const LIMITS = {
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
  requireHostHeader: false, // we refuse it ourselves, in the envelope
};

const IDLE_SWEEP_MS = 50;

/** When closing: how long a connection that was opened without a request yet may still send one. */
const SILENCE_MS = 1_000;

/** How long a refused connection gets to read why before it is cut. */
const LINGER_MS = 1_000;

/** Open connections, each with the last answer it was given or is being given. */
type Connections = Map<Duplex, ServerResponse | undefined>;

export interface RunningServer {
  url: string;
  /**
   * Stops accepting and resolves when the requests in flight are answered. After `deadlineMs` the connections
   * still open are cut.
   */
  close(deadlineMs: number): Promise<void>;
}

/** Starts listening; port 0 picks a free one. */
export async function startServer(
  listener: RequestListener,
  { host, port }: { host: string; port: number },
): Promise<RunningServer> {
  const server = createServer(LIMITS);
  const connections: Connections = new Map();
  server.on("connection", (socket) => {
    connections.set(socket, undefined);
    socket.once("close", () => connections.delete(socket));
  });

  const accept = (req: IncomingMessage, res: ServerResponse): void => {
    connections.set(req.socket, res);
    if (req.headers.host === undefined && req.httpVersion !== "1.0") {
      sendError(req, res, new AppError("invalid_request", { message: "The Host header is missing." }));
      return;
    }
    listener(req, res);
  };
  server.on("request", accept);
  server.on("checkExpectation", (req, res) => sendError(req, res, new AppError("invalid_request")));
  server.on("connect", (_req, socket) => refuseRaw(socket));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const answer = connections.get(socket);
    const midAnswer = answer !== undefined && answer.headersSent && !answer.writableEnded;
    if (error.code === "ECONNRESET" || !socket.writable || midAnswer) socket.destroy();
    else refuseRaw(socket, error.code);
  });

  server.listen(port, host);
  await once(server, "listening"); // rejects if the port is taken
  return {
    url: urlOf(server.address() as AddressInfo),
    close: (deadlineMs) => close(server, connections, deadlineMs),
  };
}

function close(server: Server, connections: Connections, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const started = performance.now();
    // Connections that are busy now become idle later and would stay open. Node doesn't count those as idle that
    // never sent anything; they get a moment, since a request may be on its way.
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      if (performance.now() - started < SILENCE_MS) return;
      for (const [socket, answer] of connections) if (answer === undefined) socket.destroy();
    }, IDLE_SWEEP_MS);
    const cut = setTimeout(() => server.closeAllConnections(), deadlineMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
  });
}

/** What Node's parser gives up on never becomes a request; its answer is written by hand. */
function refuseRaw(socket: Duplex, code?: string): void {
  const requestId = randomUUID();
  const message = MESSAGES.get(code ?? "");
  const error = new AppError("invalid_request", message === undefined ? {} : { message });
  const { body } = toWireError(error, { requestId, renderActions: () => [] });
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
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

const MESSAGES = new Map([
  ["HPE_HEADER_OVERFLOW", "The request's headers are too large."],
  ["ERR_HTTP_REQUEST_TIMEOUT", "The request took too long to arrive."],
]);

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
