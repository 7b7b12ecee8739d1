import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ANY_TOKEN_PREFIX } from "../../core/protocol/token-prefix.ts";

/** Ids that we accept from callers. A token that is sent here by mistake must not reach the logs. */
const ACCEPTED_ID = new RegExp(`^(?!${ANY_TOKEN_PREFIX})[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`);

const ids = new WeakMap<IncomingMessage, string>();

/**
 * Returns the id of a request: the caller's `X-Request-Id` if we accept it, else a new one. Always the same
 * one.
 */
export function requestIdOf(req: IncomingMessage): string {
  const known = ids.get(req);
  if (known !== undefined) return known;
  const inbound = req.headers["x-request-id"];
  const id = typeof inbound === "string" && ACCEPTED_ID.test(inbound) ? inbound : randomUUID();
  ids.set(req, id);
  return id;
}
