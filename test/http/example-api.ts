import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import type { Authenticators } from "../../src/api/procedure/context.ts";
import { ChangeFeed } from "../../src/core/account/changes/index.ts";
import { ErrorEnvelope } from "../../src/api/response/envelope.ts";
import type { Deps, SessionActor } from "../../src/core/context.ts";
import type { AnonymousCall, AuditEntry, AuditLog } from "../../src/core/observability/audit/index.ts";
import type { AuthorizationServer } from "../../src/core/ports/authorization-server.ts";
import type { SignIn } from "../../src/core/ports/sign-in.ts";
import type { RateLimiter } from "../../src/core/ports/rate-limiter.ts";
import { AppError } from "../../src/core/protocol/errors.ts";
import { countInFlight, IN_FLIGHT_LIMITS } from "../../src/core/protocol/in-flight.ts";
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
  readsSponsorTexts: null,
};

/** Nobody signs in here. */
const signIn: SignIn = {
  origins: ["https://tollfree.example"],
  answer: async () => undefined,
  findSession: async () => undefined,
  openSession: async () => [],
  deleteExpired: async () => undefined,
};

/** No host signs anybody in here. */
const authorizationServer: AuthorizationServer = {
  resources: { mcp: "https://tollfree.example/mcp", gpt: "https://tollfree.example/gpt" },
  scopes: ["agent"],
  answer: async () => undefined,
  findRequest: async () => undefined,
  finish: async () => undefined,
};

const authenticators: Authenticators = {
  person: async () => undefined,
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
  accessToken: async () => {
    throw new AppError("unauthorized");
  },
  agentKey: async (token) => {
    if (token === AGENT_KEY) return { kind: "agent", agentId: "agent-1", apiKeyId: "key-1" };
    throw new AppError("unauthorized");
  },
  sponsorKey: async (token) => {
    if (token === SPONSOR_KEY) return { kind: "sponsor", sponsorId: "sponsor-1", via: { kind: "operator" } };
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
  /** Audit rows, oldest first. */
  audited: AuditEntry[];
  /** Calls without a credential, oldest first. */
  counted: AnonymousCall[];
  logged: LogLine[];
  /** Writes an audit row. A test can replace `append` to make it fail or wait. */
  audit: AuditLog;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
}

/** The example API for the tests of a file. `audited` and `logged` are emptied before each test. */
export function useExampleApi(): ExampleApi {
  const api = {} as ExampleApi;
  beforeAll(async () => void Object.assign(api, await startExampleApi()));
  afterAll(() => api.close(1_000));
  beforeEach(() => {
    api.audited.length = 0;
    api.counted.length = 0;
    api.logged.length = 0;
  });
  return api;
}

/** Starts the real app with the example router on a free port. */
export async function startExampleApi(checks: ReadinessChecks = {}): Promise<ExampleApi> {
  const audited: AuditEntry[] = [];
  const counted: AnonymousCall[] = [];
  const logged: LogLine[] = [];
  const audit: AuditLog = {
    append: async (entry) => {
      audited.push(entry);
    },
    count: (call) => void counted.push(call),
  };
  const write = (level: LogLine["level"]) => (fields: Record<string, unknown>, message: string) =>
    logged.push({ ...fields, level, message });
  // Allows every call. The limiter has tests of its own.
  const limiter: RateLimiter = {
    take: async ({ limit }) => ({ allowed: true, limit, remaining: limit, resetSeconds: 60 }),
  };
  // The example router uses nothing else of the core's dependencies.
  const deps = {
    log: { info: write("info"), warn: write("warn"), error: write("error") },
    cipher: new AesCipher([randomBytes(32)]),
    limiter,
    inFlight: countInFlight(IN_FLIGHT_LIMITS),
    // Changes by the administrator's key are written to a log, which has tests of its own.
    sql: { run: async () => ({ rows: [], count: 0 }) },
    settings: { publicBaseUrl: "https://tollfree.example", rateRules: RATE_RULES, operator: {} },
  } as unknown as Deps;
  const app = createApp({
    router: exampleRouter,
    deps,
    authenticators,
    signIn,
    authorizationServer,
    answerRequest: () => Promise.reject(new Error("there is no database")),
    changes: new ChangeFeed(deps),
    audit: { append: (entry) => audit.append(entry), count: (call) => audit.count(call) },
    exportAccount: () => Promise.reject(new Error("there is no database")),
    listResourceUrls: () => Promise.resolve([]),
    listResources: () => Promise.resolve({ items: [], total: 0 }),
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
  return {
    ...server,
    audited,
    counted,
    logged,
    audit,
    request: (method, path, options) => sendRequest(server.url + path, method, options),
  };
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body. It is an error envelope if the status is 400 or above. */
  body: ErrorEnvelope & { data: { input: unknown; actor?: string } };
}

export interface RequestOptions {
  token?: string;
  headers?: Record<string, string>;
  /** A value that is sent as JSON. */
  body?: unknown;
  /** Sent as it is, with the content type of JSON. */
  rawJson?: NonNullable<RequestInit["body"]>;
  /** Sent as it is. */
  raw?: NonNullable<RequestInit["body"]>;
}

async function sendRequest(
  url: string,
  method: string,
  { token, headers, body, rawJson, raw }: RequestOptions = {},
): Promise<Answer> {
  const json = rawJson ?? (body === undefined ? undefined : JSON.stringify(body));
  const payload = raw ?? json;
  const response = await fetch(url, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(json !== undefined && { "content-type": "application/json" }),
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

/** Expects a refusal: the exact envelope, and the headers of every refusal. */
export function expectRefusal(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body.error_code]).toEqual([status, code]);
  expect(ErrorEnvelope.strict().safeParse(answer.body).error).toBeUndefined();
  expect(answer.headers.get("x-request-id")).toBe(answer.body.request_id);
  expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(answer.headers.get("cache-control")).toBe("no-store");
}
