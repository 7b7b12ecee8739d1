import type { AnyTRPCRouter } from "@trpc/server";
import type { ErrorRequestHandler, Express } from "express";
import express from "express";
import helmet from "helmet";
import { buildOpenApi } from "../api/openapi/document.ts";
import { listOperations } from "../api/operation/operations.ts";
import type { Authenticators } from "../api/procedure/context.ts";
import { createCredentialGuard } from "../api/procedure/credential-guard.ts";
import { createActionRenderer } from "../api/response/render-next-actions.ts";
import type { Deps } from "../core/context.ts";
import type { AuditLog } from "../core/observability/audit/index.ts";
import type { Meter } from "../core/ports/meter.ts";
import { AppError } from "../core/protocol/errors.ts";
import { createClientAddress } from "./request/client-address.ts";
import { requestIdOf } from "./request/request-id.ts";
import { sendError } from "./request/send.ts";
import { mountApiReference } from "./routes/api-reference.ts";
import { mountDocuments } from "./routes/documents.ts";
import type { ReadinessChecks } from "./routes/health.ts";
import { mountHealth } from "./routes/health.ts";
import { llmsText } from "./routes/llms-text.ts";
import type { Page } from "./routes/resource-list.ts";
import { mountResourceList } from "./routes/resource-list.ts";
import type { Handler } from "./transport/handle-call.ts";
import { createCallHandler } from "./transport/handle-call.ts";
import { createRestTransport } from "./transport/rest.ts";
import { createTrpcTransport, TRPC_PREFIX } from "./transport/trpc.ts";

export interface AppOptions {
  router: AnyTRPCRouter;
  deps: Deps;
  authenticators: Authenticators;
  audit: AuditLog;
  metrics: Meter;
  /** What `/readyz` asks. */
  checks: ReadinessChecks;
  /** Whether this bearer token, or none, may scrape. */
  mayScrape: (token: string | undefined) => boolean;
  /** Whether the server is about to end, and so no longer ready. */
  isStopping: () => boolean;
  /** Addresses and ranges whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[];
  /** What can be paid for directly. */
  listResources: (page: Page) => Promise<object>;
  /** Further routes: console, documents, the sandbox's page. They come before the API's 404. */
  routes?: (app: Express) => void;
}

/**
 * Everything that is answered over HTTP.
 * @throws Error at start if the router can't be served as it stands
 */
export function createApp(options: AppOptions): Express {
  const {
    router,
    deps,
    authenticators,
    audit,
    metrics,
    mayScrape,
    checks,
    isStopping,
    trustedProxies,
    listResources,
    routes,
  } = options;
  const operations = listOperations(router);
  const api = {
    deps,
    authenticators,
    credentialGuard: createCredentialGuard(deps),
    audit,
    countRequest: metrics.countRequest,
    clientAddress: createClientAddress(trustedProxies),
    renderNextActions: createActionRenderer(operations),
  };
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use((req, res, next) => {
    res.setHeader("X-Request-Id", requestIdOf(req));
    next();
  });
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: API_CONTENT_POLICY } }));
  mountHealth(app, { checks, metrics, mayScrape, isStopping });
  const document = { router, serverUrl: deps.settings.publicBaseUrl };
  mountDocuments(app, {
    all: buildOpenApi(operations, document),
    gpt: buildOpenApi(operations, { ...document, surfaces: ["gpt"] }),
    llms: llmsText(operations, deps.settings.publicBaseUrl),
  });
  mountApiReference(app);
  mountResourceList(app, deps, api.clientAddress, listResources);
  routes?.(app);
  const trpc = createCallHandler(api, createTrpcTransport(operations));
  const rest = createCallHandler(api, createRestTransport(operations));
  app.use((req, res) => choose(req.originalUrl, trpc, rest)(req, res));
  app.use(lastResort(deps.log));
  return app;
}

/** JSON needs nothing; pages set their own policy. */
const API_CONTENT_POLICY = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

/** REST is the default, and so also what says 404. */
const choose = (url: string, trpc: Handler, rest: Handler): Handler =>
  url.startsWith(TRPC_PREFIX) ? trpc : rest;

/** What Express or a middleware threw: a status below 500 says that the request was at fault. */
const lastResort =
  (log: Deps["log"]): ErrorRequestHandler =>
  (thrown: unknown, req, res, _next) => {
    const status =
      typeof thrown === "object" && thrown !== null && "status" in thrown ? thrown.status : undefined;
    const isOwn = thrown instanceof AppError;
    const atFault = !isOwn && typeof status === "number" && status >= 400 && status < 500;
    const error = sendError(req, res, atFault ? new AppError("invalid_request", { cause: thrown }) : thrown);
    if (error.status >= 500) log.error({ request_id: requestIdOf(req), err: error.cause }, "request failed");
  };
