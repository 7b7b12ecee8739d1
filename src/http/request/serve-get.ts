import type { Express, RequestHandler } from "express";
import { AppError } from "../../core/protocol/errors.ts";

/** A bare GET endpoint; HEAD comes with it, every other method is refused. */
export function serveGet(app: Express, path: string, handler: RequestHandler): void {
  const allow = "GET, HEAD, OPTIONS";
  app
    .route(path)
    .get(handler)
    .options((_req, res) => void res.writeHead(204, { Allow: allow }).end())
    .all(() => {
      throw new AppError("method_not_allowed", { headers: { Allow: allow } });
    });
}
