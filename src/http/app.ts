import type { AnyTRPCRouter } from "@trpc/server";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { ErrorRequestHandler, Express } from "express";
import express from "express";
import helmet from "helmet";
import { listTools } from "../api/mcp/tools.ts";
import { listOperations } from "../api/operation/operations.ts";
import type { Authenticators, ReplyFile } from "../api/procedure/context.ts";
import { createAddressLimits } from "../api/procedure/address-limits.ts";
import { createCredentialGuard } from "../api/procedure/credential-guard.ts";
import { mcpRouter } from "../api/routers/mcp/index.ts";
import { exportFoundAnswers } from "../api/routers/user/sponsors/answers-file.ts";
import { createActionRenderer } from "../api/response/render-next-actions.ts";
import type { ChangeFeed } from "../core/account/changes/index.ts";
import type { Deps, UserActor } from "../core/context.ts";
import type { AuditLog } from "../core/observability/audit/index.ts";
import type { Meter } from "../core/ports/meter.ts";
import type { AuthorizationServer } from "../core/ports/authorization-server.ts";
import type { SignIn } from "../core/ports/sign-in.ts";
import { AppError } from "../core/protocol/errors.ts";
import { createApiListener } from "./api-listener.ts";
import { mountCrossOrigin } from "./cross-origin.ts";
import { createClientAddress } from "./request/client-address.ts";
import { requestIdOf } from "./request/request-id.ts";
import { sendError } from "./request/send.ts";
import { mountApiReference } from "./routes/api-reference.ts";
import { mountConsole } from "./routes/console.ts";
import { mountDocuments } from "./routes/documents.ts";
import { mountPersonFile } from "./routes/person-file.ts";
import { privacyPolicy } from "./routes/privacy.ts";
import type { ReadinessChecks } from "./routes/health.ts";
import { mountHealth } from "./routes/health.ts";
import { mountIcon } from "./routes/icon.ts";
import { llmsText } from "./routes/llms-text.ts";
import type { ListResources, ListResourceUrls } from "./routes/resource-list.ts";
import { mountResourceList } from "./routes/resource-list.ts";
import type { RegisterTools } from "./mcp/mount-mcp.ts";
import { mountMcp } from "./mcp/mount-mcp.ts";
import { registerTools } from "./mcp/register-tools.ts";
import type { AnswerRequest } from "./oauth/mount-oauth.ts";
import { mountOAuth } from "./oauth/mount-oauth.ts";
import { serverJson } from "./routes/server-json.ts";
import { mountSignIn } from "./routes/sign-in.ts";
import type { Api } from "./transport/call-context.ts";
import { mountConsoleApi } from "./transport/console-api.ts";
import type { Handler } from "./transport/handle-call.ts";
import { createCallHandler } from "./transport/handle-call.ts";
import { createRestTransport } from "./transport/rest.ts";
import { createTrpcHandler } from "./transport/trpc.ts";
import { TRPC_PREFIX } from "./transport/trpc-protocol.ts";

export interface AppOptions {
  router: AnyTRPCRouter;
  deps: Deps;
  authenticators: Authenticators;
  signIn: SignIn;
  /** Signs hosts in for people. */
  authorizationServer: AuthorizationServer;
  answerRequest: AnswerRequest;
  /** Tells people's pages what has changed. */
  changes: ChangeFeed;
  audit: AuditLog;
  metrics: Meter;
  /** The checks of `/readyz`, by name. */
  checks: ReadinessChecks;
  /** Whether a request with this bearer token (undefined: without one) may read `/metrics`. */
  mayScrape: (token: string | undefined) => boolean;
  /** Whether the server is stopping. `/readyz` then answers that it isn't ready. */
  isStopping: () => boolean;
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` header is trusted. */
  trustedProxies: readonly string[];
  /** Lists the services that callers can pay for directly, one page of them. */
  listResources: ListResources;
  listResourceUrls: ListResourceUrls;
  exportAccount: (person: UserActor) => Promise<ReplyFile>;
  /** Adds further routes, such as the sandbox's page. They come before the API, whose fallback is 404. */
  routes?: (app: Express, api: Api) => void;
}

/**
 * Creates what answers all requests: the API, and the Express app with all other routes.
 * @throws Error if the router can't be served; the server then doesn't start
 */
export function createApp(options: AppOptions): RequestListener {
  const {
    router,
    deps,
    authenticators,
    signIn,
    authorizationServer,
    answerRequest,
    changes,
    audit,
    metrics,
    mayScrape,
    checks,
    isStopping,
    trustedProxies,
    listResources,
    listResourceUrls,
    exportAccount,
    routes,
  } = options;
  const operations = listOperations(router);
  const addressLimits = createAddressLimits(deps);
  const api = {
    deps,
    authenticators,
    credentialGuard: createCredentialGuard(deps, addressLimits),
    addressLimits,
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
  const middlewares = headerMiddlewares();
  app.use(middlewares);
  mountHealth(app, { checks, metrics, mayScrape, isStopping });
  const { publicBaseUrl, operator } = deps.settings;
  mountDocuments(app, {
    publicBaseUrl,
    operator,
    llms: llmsText(operations, publicBaseUrl, operator),
    privacy: privacyPolicy(operator),
    mcpServer: serverJson(publicBaseUrl),
  });
  mountApiReference(app);
  mountIcon(app);
  mountResourceList(app, api, { listResources, listResourceUrls });
  mountSignIn(app, { ...api, signIn });
  mountOAuth(app, api, { server: authorizationServer, answerRequest });
  mountConsoleApi(app, api, { ownOrigins: signIn.origins, changes });
  const files = { ...api, ownOrigins: signIn.origins };
  mountPersonFile(app, "/user/account/export", files, exportAccount);
  mountPersonFile(app, "/user/sponsors/answers/export", files, (person, req) =>
    exportFoundAnswers(
      deps,
      person,
      Object.fromEntries(new URL(req.originalUrl, "http://localhost").searchParams),
    ),
  );
  const tools = listTools(new Map([...operations, ...listOperations(mcpRouter)]));
  const register: RegisterTools = (server, host) => registerTools(api, tools, server, host);
  mountMcp(app, api, { tools, register, authorizationServer });
  routes?.(app, api);
  mountConsole(app);
  const trpc = createTrpcHandler(api, operations);
  const rest = createCallHandler(api, createRestTransport(operations));
  app.use((req, res) => selectTransport(req.originalUrl, trpc, rest)(req, res));
  const onError = answerUncaughtError(deps.log);
  app.use(((thrown, req, res, _next) => onError(thrown, req, res)) satisfies ErrorRequestHandler);
  return createApiListener(app, middlewares, { trpc, rest, onError });
}

/** Sets the headers of every answer, and those by which browsers let pages of other origins read it. */
function headerMiddlewares(): Express {
  const middlewares = express();
  middlewares.disable("x-powered-by");
  middlewares.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: API_CONTENT_POLICY } }));
  mountCrossOrigin(middlewares);
  return middlewares;
}

/** The strictest policy, since JSON loads nothing. Routes with pages set their own policy. */
const API_CONTENT_POLICY = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

/** REST is the default, so REST also answers 404 for unknown paths. */
const selectTransport = (url: string, trpc: Handler, rest: Handler): Handler =>
  url.startsWith(TRPC_PREFIX) ? trpc : rest;

/**
 * Answers errors that Express, a middleware or a transport threw. Their `status` from 400 to 499 means that the request
 * was bad; the caller then gets `invalid_request`.
 */
const answerUncaughtError =
  (log: Deps["log"]) =>
  (thrown: unknown, req: IncomingMessage, res: ServerResponse): void => {
    const status =
      typeof thrown === "object" && thrown !== null && "status" in thrown ? thrown.status : undefined;
    const isAppError = thrown instanceof AppError;
    const isBadRequest = !isAppError && typeof status === "number" && status >= 400 && status < 500;
    const error = sendError(
      req,
      res,
      isBadRequest ? new AppError("invalid_request", { cause: thrown }) : thrown,
    );
    if (error.status >= 500) log.error({ request_id: requestIdOf(req), err: error.cause }, "request failed");
  };
