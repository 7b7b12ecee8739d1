import type { IncomingMessage } from "node:http";
import { AppError } from "../../core/protocol/errors.ts";

/** The target of a request. The path is still percent-encoded. The query is the text after the `?`. */
export interface Target {
  path: string;
  query: string;
}

/** RFC 9112 allows clients to send the whole URL as the target. */
const ORIGIN = /^https?:\/\/[^/?#]*/i;

/**
 * Reads the target of a request. Express changes `url` under a mount, and keeps the original in
 * `originalUrl`.
 */
export function targetOf(req: IncomingMessage & { originalUrl?: string }): Target {
  const sent = req.originalUrl ?? req.url ?? "/";
  const url = sent.startsWith("/") ? sent : sent.replace(ORIGIN, "");
  const mark = url.indexOf("?");
  return mark < 0 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/**
 * Decodes percent-encoding.
 * @throws AppError `invalid_request` if the encoding is malformed or isn't UTF-8
 */
export function decodePart(encoded: string): string {
  if (!encoded.includes("%")) return encoded;
  try {
    return decodeURIComponent(encoded);
  } catch (cause) {
    throw new AppError("invalid_request", { message: "The URL's percent-encoding is malformed.", cause });
  }
}

/**
 * Parses a query into its fields, in the order they were sent, each with all its values.
 * @throws AppError `invalid_request` if the encoding is malformed
 */
export function parseQuery(query: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const pair of query.replaceAll("+", " ").split("&")) {
    if (pair === "") continue;
    const mark = pair.indexOf("=");
    const name = decodePart(mark < 0 ? pair : pair.slice(0, mark));
    const value = decodePart(mark < 0 ? "" : pair.slice(mark + 1));
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return fields;
}
