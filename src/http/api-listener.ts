import type { RequestListener } from "node:http";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Express } from "express";
import type { Surface } from "../api/operation/operation-meta.ts";
import { callsPublicRouters } from "./cross-origin.ts";
import { targetOf } from "./request/request-target.ts";
import type { CommonHeaders } from "./request/write-head.ts";
import { commonHeaders, startWith } from "./request/write-head.ts";
import type { Handler } from "./transport/handle-call.ts";
import { TRPC_PREFIX } from "./transport/trpc-protocol.ts";

/** The surfaces whose REST paths no page and no other route is below. */
const SURFACES = ["agent", "gpt", "proxy", "sponsor", "admin"] as const satisfies Surface[];

export interface ApiHandlers {
  rest: Handler;
  trpc: Handler;
  /** Answers what a handler threw. */
  onError: (thrown: unknown, req: IncomingMessage, res: ServerResponse) => void;
}

/**
 * Calls of the API go to their handlers, and everything else to Express. Its router and middlewares, which pages need, take longer
 * than many a call. Calls from pages, and the preflights before them, go by Express too, since their answers depend on the origin.
 * @param middlewares an app that only sets headers
 */
export function createApiListener(
  app: Express,
  middlewares: Express,
  handlers: ApiHandlers,
): RequestListener {
  const { rest, trpc, onError } = handlers;
  const headersOfRest = new Map<string, CommonHeaders>(
    SURFACES.map((surface) => [surface, headersOf(middlewares, `/${surface}/`)]),
  );
  const headersOfTrpc = {
    ofPublic: headersOf(middlewares, `${TRPC_PREFIX}agent.auth`),
    ofOthers: headersOf(middlewares, `${TRPC_PREFIX}admin.auth`),
  };
  const run = (handler: Handler, headers: CommonHeaders, req: IncomingMessage, res: ServerResponse): void => {
    startWith(res, headers);
    handler(req, res).catch((thrown: unknown) => onError(thrown, req, res));
  };

  return (req, res) => {
    const { path } = targetOf(req);
    if (req.headers.origin !== undefined || req.method === "OPTIONS") {
      app(req, res);
      return;
    }
    if (path.startsWith(TRPC_PREFIX)) {
      const isPublic = callsPublicRouters(path.slice(TRPC_PREFIX.length));
      run(trpc, isPublic ? headersOfTrpc.ofPublic : headersOfTrpc.ofOthers, req, res);
      return;
    }
    const end = path.indexOf("/", 1);
    const headers = end < 0 ? undefined : headersOfRest.get(path.slice(1, end));
    if (headers === undefined) app(req, res);
    else run(rest, headers, req, res);
  };
}

/** The headers that middlewares give the answer to a GET without an origin. */
function headersOf(middlewares: Express, path: string): CommonHeaders {
  const req = new IncomingMessage(new Socket());
  Object.assign(req, { method: "GET", url: path });
  const res = new ServerResponse(req) as ServerResponse & { getRawHeaderNames(): string[] };
  // Express declares its apps without the third parameter, which ends the chain here.
  (middlewares as (req: unknown, res: unknown, next: () => void) => void)(req, res, () => undefined);
  return commonHeaders(
    Object.fromEntries(res.getRawHeaderNames().map((name) => [name, String(res.getHeader(name))])),
  );
}
