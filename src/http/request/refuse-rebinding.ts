import type { IncomingHttpHeaders } from "node:http";
import { AppError } from "../../core/protocol/errors.ts";
import { LOOPBACK_HOST } from "./local-request.ts";

/**
 * Refuses a page that was served under a foreign name which now leads to this server (DNS rebinding): the browser takes such a
 * page for one of ours, and lets it read every answer. Pages of other origins may call, and are told apart by their `Origin`.
 * @throws AppError `unauthorized`
 */
export function refuseRebinding({ origin, host }: IncomingHttpHeaders, publicBaseUrl: string): void {
  if (origin === undefined || !URL.canParse(origin)) return;
  const page = new URL(origin).host;
  const isOurName = page === new URL(publicBaseUrl).host || LOOPBACK_HOST.test(page);
  if (page === host?.toLowerCase() && !isOurName)
    throw new AppError("unauthorized", { message: "This server doesn't have the name that you call it by." });
}
