import type { IncomingHttpHeaders } from "node:http";
import { AppError } from "../../core/protocol/errors.ts";

/**
 * Refuses calls from pages of other origins, which browsers send with the person's cookie. What changes something needs the
 * browser's word that the page is ours: `Sec-Fetch-Site`, or else `Origin`. Reads need it where the browser says anything.
 * @throws AppError `unauthorized`
 */
export function requireOwnPage(
  { headers, ownOrigins }: { headers: IncomingHttpHeaders; ownOrigins: readonly string[] },
  does: "reads" | "changes",
): void {
  const { "sec-fetch-site": site, origin } = headers;
  const isOwn =
    site === undefined
      ? ownOrigins.includes(origin ?? "") || (origin === undefined && does === "reads")
      : site === "same-origin";
  if (!isOwn) throw new AppError("unauthorized", { message: "Only pages of this server may call this." });
}
