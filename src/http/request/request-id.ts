import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** An inbound id is echoed if it could be one; a token sent here by mistake must not reach headers and logs. */
const SANE_ID = /^(?!tf_)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

const ids = new WeakMap<IncomingMessage, string>();

/** The id of a request: the caller's own `X-Request-Id` if it sent a sane one, else a new one. Stays the same. */
export function requestIdOf(req: IncomingMessage): string {
  const known = ids.get(req);
  if (known !== undefined) return known;
  const inbound = req.headers["x-request-id"];
  const id = typeof inbound === "string" && SANE_ID.test(inbound) ? inbound : randomUUID();
  ids.set(req, id);
  return id;
}
