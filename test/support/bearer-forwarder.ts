import { request } from "node:http";
import type { HttpServer } from "./http-server.ts";
import { startHttpServer } from "./http-server.ts";

/** Forwards requests to a server with a bearer token, for programs that can't send one. All else stays as it is. */
export const startBearerForwarder = (target: string, token: string): Promise<HttpServer> => {
  const { hostname, port } = new URL(target);
  return startHttpServer((req, res) => {
    const { method, url: path } = req;
    const headers = { ...req.headers, authorization: `Bearer ${token}` };
    const forwarded = request({ hostname, port, method, path, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    forwarded.on("error", () => res.destroy());
    res.on("close", () => forwarded.destroy());
    req.pipe(forwarded);
  });
};
