import type { IncomingMessage } from "node:http";
import { AppError } from "../../core/protocol/errors.ts";

/** What a request asks for: its path as it was sent, still percent-encoded, and the query after the `?`. */
export interface Target {
  path: string;
  query: string;
}

/** RFC 9112 lets a client send the whole URL. */
const ORIGIN = /^https?:\/\/[^/?#]*/i;

/** Express rewrites `url` under a mount and keeps the original beside it. */
export function targetOf(req: IncomingMessage & { originalUrl?: string }): Target {
  const url = (req.originalUrl ?? req.url ?? "/").replace(ORIGIN, "");
  const mark = url.indexOf("?");
  return mark < 0 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** @throws AppError `invalid_request` where the percent-encoding is broken or isn't UTF-8 */
export function decodePart(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch (cause) {
    throw new AppError("invalid_request", { message: "The URL's percent-encoding is broken.", cause });
  }
}

/**
 * The query's fields in the order they were sent, each with all its values.
 * @throws AppError `invalid_request` as `decodePart`
 */
export function parseQuery(query: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const [encodedName = "", ...rest] = pair.replaceAll("+", " ").split("=");
    const name = decodePart(encodedName);
    const value = decodePart(rest.join("="));
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return fields;
}
