import type { IncomingHttpHeaders } from "node:http";
import { AppError } from "../core/errors.ts";
import type { ApiContext, Authenticators } from "./context.ts";
import { subjectOf } from "../core/audit/index.ts";

/** RFC 6750, bounded: no token of ours is longer. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*) *$/i;

/**
 * The token of an `Authorization: Bearer` header.
 * @throws AppError `unauthorized` if there is none, or it isn't one token
 */
export function bearerToken(headers: IncomingHttpHeaders): string {
  const token = BEARER.exec(headers.authorization ?? "")?.[1];
  if (token === undefined) {
    throw new AppError("unauthorized", { message: "Send a credential as `Authorization: Bearer …`." });
  }
  return token;
}

/**
 * Whom a request without an operation concerns (an unknown path, a wrong method), as far as its token tells.
 * Such a request is refused anyway, so a bad token only leaves its audit row without a name.
 */
export async function identify(
  headers: IncomingHttpHeaders,
  authenticators: Authenticators,
): Promise<ApiContext["subject"]> {
  const subject: ApiContext["subject"] = {};
  try {
    const token = bearerToken(headers);
    const actor = token.startsWith("tf_ak_")
      ? await authenticators.agentKey(token)
      : await authenticators.session(token, (known) => Object.assign(subject, known));
    return subjectOf(actor);
  } catch {
    return subject;
  }
}
