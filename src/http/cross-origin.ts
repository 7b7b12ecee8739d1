import type { CorsOptions } from "cors";
import cors from "cors";
import type { Express, RequestHandler } from "express";
import { surfaceOf } from "../api/operation/operation-id.ts";
import { OAUTH_PATHS } from "../core/ports/authorization-server.ts";
import { find } from "./transport/perform-call.ts";
import { TRPC_PREFIX } from "./transport/trpc-protocol.ts";
import { decodePart, targetOf } from "./request/request-target.ts";

const ONE_DAY_SECONDS = 86_400;

/** What pages of any origin may call. These routes take bearers only, and read no cookie. */
const PUBLIC_ROUTES = [
  "/agent",
  "/proxy",
  "/discovery",
  "/mcp",
  "/.well-known/oauth-authorization-server",
  "/.well-known/oauth-protected-resource",
  "/.well-known/openid-configuration",
  ...[OAUTH_PATHS.jwks, OAUTH_PATHS.registration, OAUTH_PATHS.revocation, OAUTH_PATHS.token],
  "/.well-known/openapi.yaml",
  "/.well-known/x402",
  "/openapi.json",
  "/openapi",
  "/docs",
  "/llms.txt",
  "/privacy",
];

/** The same of tRPC's routers. */
const PUBLIC_ROUTERS = new Set<string | undefined>(["agent", "proxy"]);

/**
 * Without credentials, so any origin is answered alike, and the answer doesn't vary by origin. Stock x402 clients
 * send `Access-Control-Expose-Headers` as a request header.
 */
const ANY_ORIGIN: CorsOptions = {
  origin: "*",
  methods: ["GET", "HEAD", "POST", "DELETE"],
  allowedHeaders: [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "PAYMENT-SIGNATURE",
    "X-PAYMENT",
    "X-Tollfree-Quiet",
    "X-Tollfree-Detail",
    "Access-Control-Expose-Headers",
    "trpc-accept",
    "Mcp-Session-Id",
    "Mcp-Protocol-Version",
    "Mcp-Method",
    "Mcp-Name",
    "Last-Event-ID",
  ],
  exposedHeaders: [
    "PAYMENT-REQUIRED",
    "PAYMENT-RESPONSE",
    "X-PAYMENT-RESPONSE",
    "X-Request-Id",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Idempotency-Replayed",
    "WWW-Authenticate",
    "Mcp-Session-Id",
  ],
  maxAge: ONE_DAY_SECONDS,
};

/** The pages of GPT builders and users. Only they call `/gpt`. */
const CHATGPT: CorsOptions = {
  origin: ["https://chatgpt.com", "https://chat.openai.com", "https://platform.openai.com"],
  methods: ["GET", "POST"],
  allowedHeaders: ["Authorization", "Content-Type"],
  exposedHeaders: ["Retry-After", "RateLimit", "RateLimit-Policy", "Idempotency-Replayed", "X-Request-Id"],
  maxAge: ONE_DAY_SECONDS,
};

/**
 * Lets web pages of other origins call what is meant for them. Preflights are answered here, so they are neither
 * counted nor audited. Other routes have no such headers, and browsers keep foreign pages from them.
 */
export function mountCrossOrigin(app: Express): void {
  const anyOrigin = allow(ANY_ORIGIN);
  app.use(PUBLIC_ROUTES, anyOrigin);
  app.use("/gpt", allow(CHATGPT));
  app.use((req, res, next) => {
    const { path } = targetOf(req);
    if (!path.startsWith(TRPC_PREFIX) || !callsPublicRouters(path.slice(TRPC_PREFIX.length))) next();
    else anyOrigin(req, res, next);
  });
}

/** Whether all calls of a batch are of public routers. @param encodedNames as in a URL, separated by commas */
export function callsPublicRouters(encodedNames: string): boolean {
  const names = find(() => decodePart(encodedNames));
  return typeof names === "string" && names.split(",").every((name) => PUBLIC_ROUTERS.has(surfaceOf(name)));
}

/** Answers preflights. An OPTIONS that isn't a preflight goes on to its route, which names its methods. */
function allow(options: CorsOptions): RequestHandler {
  const answer = cors(options);
  const goOn = cors({ ...options, preflightContinue: true });
  return (req, res, next) => {
    const { origin, "access-control-request-method": method } = req.headers;
    (origin !== undefined && method !== undefined ? answer : goOn)(req, res, next);
  };
}
