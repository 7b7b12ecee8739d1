import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { NO_CALL, toWireError } from "../api/response/error-body.ts";
import { AppError } from "../core/protocol/errors.ts";
import { boundBody } from "./request/bound-body.ts";
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

/** How long the rest of a body may still come once its request was answered, so that its sender can read why. */
const REST_OF_BODY_MS = 5_000;

/** How long a refused connection stays open, so that the client can read the error response. */
const READ_REFUSAL_MS = 1_000;

/**
 * Requests of one connection that may wait for their answers. Hardly any client sends a request before it has the answer to the
 * one before, and those that do send a few. Node takes thousands out of one read, and all of them before it does anything else.
 */
const MOST_UNANSWERED = 32;

interface Connection {
  /** Undefined if no request has arrived yet. */
  latest: ServerResponse | undefined;
  /** Requests whose answers haven't been handed to the operating system. */
  unanswered: number;
}

type Connections = Map<Duplex, Connection>;

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
  {
    host,
    port,
    readAnswerMs = READ_ANSWER_MS,
    restOfBodyMs = REST_OF_BODY_MS,
  }: { host: string; port: number; readAnswerMs?: number; restOfBodyMs?: number },
): Promise<RunningServer> {
  const server = createServer(LIMITS);
  const connections: Connections = new Map();
  server.on("connection", (socket) => {
    connections.set(socket, { latest: undefined, unanswered: 0 });
    socket.once("close", () => connections.delete(socket));
  });

  const accept = (req: IncomingMessage, res: ServerResponse): void => {
    const connection = connections.get(req.socket);
    // What was read together with the request that was too many still arrives here.
    if (connection === undefined || req.socket.destroyed) return;
    if (connection.unanswered >= MOST_UNANSWERED) {
      req.socket.destroy();
      return;
    }
    boundBody(req);
    connection.latest = res;
    connection.unanswered += 1;
    res.once("close", () => {
      connection.unanswered -= 1;
      if (!req.complete) setTimeout(() => req.complete || req.socket.destroy(), restOfBodyMs).unref();
    });
    res.once("prefinish", () => cutOffUnread(res, readAnswerMs));
    const refusal = refusalOf(req);
    if (refusal !== undefined) {
      sendError(req, res, refusal);
      return;
    }
    listener(req, res);
  };
  server.on("request", accept);
  // Nothing came or went for so long. A call that is under way may take longer, as long as nothing of its answer waits.
  server.setTimeout(readAnswerMs, (socket) => {
    const response = connections.get(socket)?.latest;
    const isWorking = response !== undefined && !response.writableEnded && socket.writableLength === 0;
    if (!isWorking) socket.destroy();
  });
  server.on("checkExpectation", (req, res) => {
    boundBody(req);
    sendError(req, res, new AppError("invalid_request"));
  });
  server.on("connect", (_req, socket) => refuseRaw(socket));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const { latest, unanswered = 0 } = connections.get(socket) ?? {};
    // The answer to the request that is broken itself isn't begun. Any other would be followed, or cut in two, by the refusal.
    const isAnswering = unanswered > 1 || (latest?.headersSent === true && !latest.writableEnded);
    if (error.code === "ECONNRESET" || !socket.writable || isAnswering) socket.destroy();
    else refuseRaw(socket, error.code);
  });

  server.listen(port, host);
  await once(server, "listening"); // rejects if the port is taken
  return {
    url: urlOf(server.address() as AddressInfo),
    close: (deadlineMs) => close(server, connections, deadlineMs),
  };
}

/** Hosts by which this server was called. It has few names, and parsing one takes longer than finding it here. */
const knownHosts = new Set<string>();
const MOST_KNOWN_HOSTS = 100;

function isHost(text: string): boolean {
  if (knownHosts.has(text)) return true;
  if (!URL.canParse(`http://${text}`)) return false;
  if (knownHosts.size < MOST_KNOWN_HOSTS) knownHosts.add(text);
  return true;
}

/** Libraries that answer behind us make a `Request` with a URL of what came, and fail where that can't be. */
function refusalOf({ method, headers: { host }, httpVersion }: IncomingMessage): AppError | undefined {
  if (method === "TRACE") return new AppError("method_not_allowed");
  if (host === undefined && httpVersion === "1.0") return undefined;
  if (host === undefined) return new AppError("invalid_request", { message: "The Host header is missing." });
  return isHost(host)
    ? undefined
    : new AppError("invalid_request", { message: "The Host header isn't a host." });
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
      for (const [socket, { latest }] of connections) if (latest === undefined) socket.destroy();
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
