import type { KeyObject } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { jwtVerify } from "jose";
import { inject } from "vitest";
import type { HttpServer } from "./http-server.ts";
import { startHttpServer } from "./http-server.ts";

/** A facilitator that asks for credentials, before the run's facilitator. */
export interface GuardedFacilitator extends HttpServer {
  /** The paths of the requests that had the right credentials. */
  admitted: string[];
  /** Why each other request was refused. */
  refused: string[];
}

/** Checks a request's bearer token. @throws Error that says what is wrong */
type Guard = (token: string, request: { method: string; host: string; path: string }) => Promise<void> | void;

/** Asks for one token. */
export const expectToken =
  (expected: string): Guard =>
  (token) => {
    if (token !== expected) throw new Error("another token");
  };

/** Asks for what Coinbase's facilitator asks for: a token signed by a known key for exactly this request. */
export const expectCdpToken =
  (keyId: string, publicKey: KeyObject): Guard =>
  async (token, { method, host, path }) => {
    const { payload, protectedHeader } = await jwtVerify(token, publicKey, {
      issuer: "cdp",
      audience: "cdp_service",
      subject: keyId,
      requiredClaims: ["exp", "nbf"],
      maxTokenAge: 120,
    });
    if (protectedHeader["kid"] !== keyId) throw new Error("another key id");
    const uri = `${method} ${host}${path}`;
    if (JSON.stringify(payload["uris"]) !== JSON.stringify([uri])) throw new Error(`not for ${uri}`);
  };

/** @param prefix the path below which its requests are, as Coinbase's are below `/platform/v2/x402` */
export async function startGuardedFacilitator(guard: Guard, prefix = ""): Promise<GuardedFacilitator> {
  const admitted: string[] = [];
  const refused: string[] = [];
  const server = await startHttpServer((req, res) => {
    const answer = async (): Promise<void> => {
      const { method = "", url: path = "", headers } = req;
      const body = await bodyOf(req);
      try {
        const token = /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1];
        if (token === undefined) throw new Error("no token");
        await guard(token, { method, host: headers.host ?? "", path });
      } catch (error) {
        refused.push(String(error));
        // Some services repeat what they were sent.
        res.writeHead(401, { "content-type": "application/json" });
        res.end(JSON.stringify({ error: `not authorized: ${headers.authorization}` }));
        return;
      }
      admitted.push(path);
      const forwarded = await fetch(`${inject("chain").facilitatorUrl}${path.slice(prefix.length)}`, {
        method,
        headers: { "content-type": "application/json" },
        ...(body.length > 0 && { body }),
      });
      res.writeHead(forwarded.status, { "content-type": "application/json" }).end(await forwarded.text());
    };
    answer().catch(() => res.destroy());
  });
  return { ...server, url: server.url + prefix, admitted, refused };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
