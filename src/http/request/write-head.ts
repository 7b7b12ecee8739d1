import type { IncomingMessage, ServerResponse } from "node:http";
import { requestIdOf } from "./request-id.ts";

type Headers = Readonly<Record<string, string>>;

/** Headers that many answers begin with. */
export interface CommonHeaders {
  byName: Headers;
  /** Names and values in turns, as Node writes them. */
  list: readonly string[];
}

export const commonHeaders = (byName: Headers): CommonHeaders => ({
  byName,
  list: Object.entries(byName).flat(),
});

/** The headers of answers to requests that don't pass Express, whose middlewares would set them. */
const common = new WeakMap<ServerResponse, CommonHeaders>();

/** Has an answer begin with these headers, as far as it has none of its own with the same name. */
export function startWith(res: ServerResponse, headers: CommonHeaders): void {
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
  const own = Object.keys(headers);
  const list = own.some((name) => name in first.byName)
    ? Object.entries(first.byName).flatMap((field) => (field[0] in headers ? [] : field))
    : [...first.list];
  list.push("X-Request-Id", requestId);
  if (!("Cache-Control" in headers)) list.push("Cache-Control", "no-store");
  for (const name of own) list.push(name, headers[name] ?? "");
  res.writeHead(status, list);
}
