import type { IncomingMessage, ServerResponse } from "node:http";
import { requestIdOf } from "./request-id.ts";

type Headers = Readonly<Record<string, string>>;

/** The headers of answers to requests that don't pass Express, whose middlewares would set them. */
const common = new WeakMap<ServerResponse, Headers>();

/** Has an answer begin with these headers, as far as it has none of its own with the same name. */
export function startWith(res: ServerResponse, headers: Headers): void {
  common.set(res, headers);
}

/** Writes the status and headers of an answer. Nobody may store it unless `headers` say otherwise. */
export function writeHead(req: IncomingMessage, res: ServerResponse, status: number, headers: Headers): void {
  const first = common.get(res);
  const requestId = requestIdOf(req);
  if (first === undefined) {
    res.writeHead(status, { "Cache-Control": "no-store", ...headers, "X-Request-Id": requestId });
    return;
  }
  // As a list, Node writes them as they are. Setting them one by one takes longer than all else about sending.
  const list = ["X-Request-Id", requestId];
  if (!("Cache-Control" in headers)) list.push("Cache-Control", "no-store");
  for (const name in first) if (!(name in headers)) list.push(name, first[name] ?? "");
  for (const name in headers) list.push(name, headers[name] ?? "");
  res.writeHead(status, list);
}
