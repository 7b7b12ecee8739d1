import { AppError } from "../../core/protocol/errors.ts";
import type { ApiContext } from "./context.ts";

/**
 * Refuses a call from a web page of another origin. Keys of administrators and sponsors belong in servers and in our
 * own pages: a page elsewhere that holds one has taken it from somebody. Clients that aren't browsers send no `Origin`.
 * @throws AppError `unauthorized`
 */
export function refuseForeignOrigin({
  headers: { origin },
  deps,
  reply,
}: Pick<ApiContext, "headers" | "deps" | "reply">): void {
  reply.headers["Vary"] = "Origin";
  if (origin === undefined || origin === new URL(deps.settings.publicBaseUrl).origin) return;
  throw new AppError("unauthorized", {
    message: "Pages of other origins can't use the credentials of administrators and sponsors.",
  });
}
