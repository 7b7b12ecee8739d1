import { randomBytes } from "node:crypto";
import type { Authenticators } from "../../src/api/procedure/context.ts";
import type { ErrorEnvelope } from "../../src/api/response/envelope.ts";
import type { Deps, SessionActor } from "../../src/core/context.ts";
import type { AuditEntry, AuditLog } from "../../src/core/observability/audit/index.ts";
import type { RateLimiter } from "../../src/core/ports/rate-limiter.ts";
import { AppError } from "../../src/core/protocol/errors.ts";
import { RATE_RULES } from "../../src/core/protocol/rate-limit/index.ts";
import { createApp } from "../../src/http/app.ts";
import type { ReadinessChecks } from "../../src/http/routes/health.ts";
import type { RunningServer } from "../../src/http/server.ts";
import { startServer } from "../../src/http/server.ts";
import { AesCipher } from "../../src/platform/cipher.ts";
import { createMetrics } from "../../src/platform/observability/metrics.ts";
import { exampleRouter } from "./example-router.ts";

export const SESSION = "tf_as_live";
export const AGENT_KEY = "tf_ak_live";
export const SPONSOR_KEY = "tf_sk_live";
export const ADMIN_KEY = "the-admin-key";

const SCOPES = { taskTypes: [], dataTypes: [], categories: [] };
const SESSION_ACTOR: SessionActor = {
  kind: "session",
  sessionId: "session-1",
  surface: "agent",
  grantId: "grant-1",
  subject: "subject-1",
  agentId: "agent-1",
  userId: "user-1",
  scopes: SCOPES,
  grantScopes: SCOPES,
  budgetAccountId: "account-1",
  grantBudgetAccountId: "account-2",
  remainingMicros: 0n,
  expiresAt: new Date("2030-01-01"),
};

const authenticators: Authenticators = {
  session: async (token, identified) => {
    if (token === SESSION) return SESSION_ACTOR;
    if (token === "tf_as_expired") {
      identified({ agentSessionId: "session-2", grantId: "grant-1", userId: "user-1" });
      throw new AppError("session_expired");
    }
    if (token === "tf_as_database_down") throw Object.assign(new Error("terminating"), { code: "57P01" });
    throw new AppError("unauthorized");
  },
  gptSession: async () => {
    throw new AppError("unauthorized");
  },
  agentKey: async (token) => {
    if (token === AGENT_KEY) return { kind: "agent", agentId: "agent-1", apiKeyId: "key-1" };
    throw new AppError("unauthorized");
  },
  sponsorKey: async (token) => {
    if (token === SPONSOR_KEY) return { kind: "sponsor", sponsorId: "sponsor-1" };
    throw new AppError("unauthorized");
  },
  admin: (token) => {
    if (token === ADMIN_KEY) return { kind: "admin" };
    throw new AppError("unauthorized");
  },
};

export interface LogLine {
  level: "info" | "warn" | "error";
  message: string;
  [field: string]: unknown;
}

export interface ExampleApi extends RunningServer {
  /** What was audited, oldest first. */
  audited: AuditEntry[];
  logged: LogLine[];
  /** What the audit log does with a row; replace it to make it fail or wait. */
  audit: AuditLog;
}

/** The example router behind the real app on a real port. */
export async function startExampleApi(checks: ReadinessChecks = {}): Promise<ExampleApi> {
  const audited: AuditEntry[] = [];
  const logged: LogLine[] = [];
  const audit: AuditLog = {
    append: async (entry) => {
      audited.push(entry);
    },
  };
  const write = (level: LogLine["level"]) => (fields: Record<string, unknown>, message: string) =>
    logged.push({ ...fields, level, message });
  // Counts nothing: the limiter has tests of its own.
  const limiter: RateLimiter = {
    take: async ({ limit }) => ({ allowed: true, limit, remaining: limit, resetSeconds: 60 }),
  };
  // The routers under test touch nothing else of what the core is given.
  const deps = {
    log: { info: write("info"), warn: write("warn"), error: write("error") },
    cipher: new AesCipher([randomBytes(32)]),
    limiter,
    settings: { publicBaseUrl: "https://tollfree.example", rateRules: RATE_RULES },
  } as unknown as Deps;
  const app = createApp({
    router: exampleRouter,
    deps,
    authenticators,
    audit: { append: (entry) => audit.append(entry) },
    listResources: () => Promise.resolve({}),
    metrics: createMetrics(
      () => Promise.reject(new Error("there is no database")),
      () => undefined,
    ),
    mayScrape: () => true,
    checks,
    trustedProxies: [],
    isStopping: () => false,
    routes: (express) =>
      express.get("/broken-page", () => {
        throw new Error("template secret");
      }),
  });
  const server = await startServer(app, { host: "127.0.0.1", port: 0 });
  return { ...server, audited, logged, audit };
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body: an envelope wherever the status is 400 or above. */
  body: ErrorEnvelope & { data: { input: unknown; actor?: string } };
}

/** One real HTTP request; a plain object as `body` goes out as JSON. */
export async function request(
  api: { url: string },
  method: string,
  path: string,
  options: {
    token?: string;
    headers?: Record<string, string>;
    body?: unknown;
    raw?: NonNullable<RequestInit["body"]>;
  } = {},
): Promise<Answer> {
  const { token, headers, body, raw } = options;
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(api.url + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(payload !== undefined && { body: payload, duplex: "half" }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (text === "" ? undefined : JSON.parse(text)) as Answer["body"],
  };
}
