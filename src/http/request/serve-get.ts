import type { Express, RequestHandler } from "express";
import { AppError } from "../../core/protocol/errors.ts";

/** Adds a GET endpoint outside the API. Express serves HEAD with it. Any other method is refused with 405. */
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
