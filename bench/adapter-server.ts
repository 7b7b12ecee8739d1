// A server for `bench/adapter.bench.ts`, in a process of its own: what every call passes through, with operations and all that
// they need in memory. Reads the answer from standard input, as JSON, and prints its address.
import { text } from "node:stream/consumers";
import { z } from "zod";
import { publicProcedure, router, sessionProcedure } from "../src/api/procedure/trpc.ts";
import type { OperationMeta } from "../src/api/operation/operation-meta.ts";
import { ok, success } from "../src/api/response/envelope.ts";
import { adminRouter } from "../src/api/routers/admin/index.ts";
import { searchProcedures } from "../src/api/routers/agent/discovery.ts";
import { paymentProcedures } from "../src/api/routers/agent/run.ts";
import { sessionProcedures } from "../src/api/routers/agent/session.ts";
import { taskProcedures } from "../src/api/routers/agent/task.ts";
import { gptRouter } from "../src/api/routers/gpt/index.ts";
import { proxyRouter } from "../src/api/routers/proxy/index.ts";
import { sponsorRouter } from "../src/api/routers/sponsor/index.ts";
import { ChangeFeed } from "../src/core/account/changes/index.ts";
import type { Deps, SessionActor } from "../src/core/context.ts";
import { countInFlight, IN_FLIGHT_LIMITS } from "../src/core/protocol/in-flight.ts";
import { RATE_RULES } from "../src/core/protocol/rate-limit/index.ts";
import { createApp } from "../src/http/app.ts";
import { startServer } from "../src/http/server.ts";
import { createLog } from "../src/platform/observability/log.ts";
import { createMetrics } from "../src/platform/observability/metrics.ts";

const { answer } = JSON.parse(await text(process.stdin)) as { answer: { data: { text: string } } };

const Input = z.strictObject({
  name: z.string().max(50).optional(),
  limit: z.int().min(1).max(50).optional(),
});
const Output = success(z.object({ text: z.string() }));
const at = (path: `/${string}`): OperationMeta => ({ openapi: { method: "GET", path, summary: "Hello" } });

const agent = router({
  ...sessionProcedures,
  ...searchProcedures,
  ...taskProcedures,
  ...paymentProcedures,
  hello: publicProcedure
    .meta(at("/agent/hello"))
    .input(Input)
    .output(Output)
    .query(({ ctx }) => ok(ctx, answer.data)),
  helloSession: sessionProcedure
    .meta(at("/agent/hello-session"))
    .input(Input)
    .output(Output)
    .query(({ ctx }) => ok(ctx, answer.data)),
});

const SCOPES = { taskTypes: [], dataTypes: [], categories: [] };
const SESSION: SessionActor = {
  kind: "session",
  sessionId: "session",
  surface: "agent",
  grantId: "grant",
  subject: "subject",
  agentId: "agent",
  userId: "user",
  scopes: SCOPES,
  grantScopes: SCOPES,
  budgetAccountId: "account",
  grantBudgetAccountId: "grant account",
  remainingMicros: 0n,
  expiresAt: new Date("2100-01-01"),
  readsSponsorTexts: null,
};

const missing = (): never => {
  throw new Error("there is no database");
};
const metrics = createMetrics(missing, () => undefined);
// The limiter and the audit log, and the digests by which they count addresses, are measured by `bench/reads.bench.ts`. Here all
// answer at once.
const DIGEST = Buffer.alloc(32);
const deps = {
  log: metrics.watchLog(createLog({ level: "info" })),
  cipher: { hmac: () => DIGEST },
  limiter: metrics.watchLimiter({
    take: ({ limit }) => Promise.resolve({ allowed: true, limit, remaining: limit, resetSeconds: 60 }),
  }),
  inFlight: countInFlight(IN_FLIGHT_LIMITS),
  settings: { publicBaseUrl: "http://localhost", rateRules: RATE_RULES, operator: {} },
} as unknown as Deps;

const app = createApp({
  router: router({ agent, gpt: gptRouter, sponsor: sponsorRouter, admin: adminRouter, proxy: proxyRouter }),
  deps,
  authenticators: {
    person: () => Promise.resolve(undefined),
    session: () => Promise.resolve(SESSION),
    gptSession: missing,
    accessToken: missing,
    agentKey: missing,
    sponsorKey: missing,
    admin: missing,
  },
  signIn: {
    origins: [],
    answer: missing,
    findSession: missing,
    openSession: missing,
    deleteExpired: missing,
  },
  authorizationServer: {
    resources: { mcp: "http://localhost/mcp", gpt: "http://localhost/gpt" },
    scopes: ["agent"],
    answer: missing,
    findRequest: missing,
    finish: missing,
  },
  answerRequest: missing,
  changes: new ChangeFeed(deps),
  audit: metrics.watchAudit({ append: () => Promise.resolve(), count: () => undefined }),
  exportAccount: missing,
  listResourceUrls: missing,
  listResources: missing,
  metrics,
  mayScrape: () => true,
  checks: {},
  trustedProxies: [],
  isStopping: () => false,
});
const server = await startServer(app, { host: "127.0.0.1", port: 0 });
process.once("SIGTERM", () => process.exit(0));
console.log(`listening on ${server.url}`);
