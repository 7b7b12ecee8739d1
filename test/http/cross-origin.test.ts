import { beforeAll, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess, TRANSPORTS } from "../support/call.ts";
import type { SponsorWithKey } from "../support/caller.ts";
import type { Answer } from "../support/server.ts";
import { ADMIN_KEY } from "../support/server.ts";
import { useWorld } from "../support/use-world.ts";

const world = useWorld();
const PAGE = "https://page.example";

/** What a page may send, in the spelling of browsers. */
const REQUEST_HEADERS = [
  "authorization",
  "content-type",
  "idempotency-key",
  "payment-signature",
  "x-payment",
  "x-tollfree-quiet",
  "x-tollfree-detail",
  "access-control-expose-headers",
  "trpc-accept",
  "mcp-protocol-version",
  "mcp-method",
  "mcp-name",
  "mcp-session-id",
  "last-event-id",
];

const EXPOSED = [
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
];

const preflight = (path: string, method = "POST"): Promise<Answer> =>
  world.rest("OPTIONS", path, {
    headers: {
      origin: PAGE,
      "access-control-request-method": method,
      "access-control-request-headers": REQUEST_HEADERS.join(","),
    },
  });

const listOf = ({ headers }: Answer, name: string): string[] => (headers.get(name) ?? "").split(/, ?/);

describe("routes that pages of any origin may call", () => {
  test.each([
    ["/agent/auth", "POST"],
    ["/agent/session", "DELETE"],
    ["/agent/services?q=x", "GET"],
    ["/agent/no-such-route", "GET"],
    ["/proxy/daylight/run", "POST"],
    ["/proxy/daylight/run", "HEAD"],
    ["/discovery/resources", "GET"],
    ["/oauth/token", "POST"],
    ["/oauth/register", "POST"],
    ["/.well-known/oauth-authorization-server", "GET"],
    ["/.well-known/oauth-protected-resource/mcp", "GET"],
    ["/.well-known/x402", "GET"],
    ["/openapi.json", "GET"],
    ["/openapi/gpt.json", "GET"],
    ["/.well-known/openapi.yaml", "GET"],
    ["/llms.txt", "GET"],
    ["/privacy", "GET"],
    ["/docs", "GET"],
    ["/mcp", "POST"],
    ["/trpc/agent.auth", "POST"],
    ["/trpc/proxy.run", "POST"],
    ["/trpc/agent.flowStatus,agent.searchServices,proxy.run?batch=1", "GET"],
    ["/trpc/agent.flowStatus%2Cproxy.run?batch=1", "GET"],
  ])("a preflight of %s for %s allows all that clients send, without cookies", async (path, method) => {
    const answer = await preflight(path, method);
    expect([answer.status, answer.body]).toEqual([204, undefined]);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    expect(listOf(answer, "access-control-allow-methods")).toContain(method);
    const allowed = listOf(answer, "access-control-allow-headers").map((name) => name.toLowerCase());
    expect(allowed.sort()).toEqual([...REQUEST_HEADERS].sort());
  });

  test("a preflight is neither counted nor audited", async () => {
    const { token } = await world.openSession(await world.createGrant());
    const before = await world.db.agentAuditLog.count();
    for (const path of ["/agent/auth", "/agent/no-such-route", "/proxy/x/run", "/trpc/agent.nope"]) {
      const answer = await preflight(path);
      expect([answer.status, answer.headers.get("ratelimit")]).toEqual([204, null]);
    }
    // A call that is audited, so that no row of the preflights can still be on its way.
    await world.rest("GET", "/agent/flow/status", { token });
    expect(await world.db.agentAuditLog.count()).toBe(before + 1);
    const metrics = await world.server.metrics();
    expect(metrics).not.toMatch(/operation="unmatched".*status="404"/);
  });

  test("a page can read every answer, also a refusal, and the headers it needs", async () => {
    const { token } = await world.openSession(await world.createGrant());
    const headers = { origin: PAGE };
    const answers = [
      await world.rest("GET", "/agent/flow/status", { token, headers }),
      await world.rest("GET", "/agent/flow/status", { headers }),
      await world.rest("GET", "/agent/no-such-route", { headers }),
      await world.rest("POST", "/agent/auth", { headers, body: "{" }),
      await world.rest("POST", "/agent/auth", { headers, body: "a".repeat(300_000) }),
      await world.rest("GET", "/proxy/no-such-service/run", { headers }),
      await world.rest("GET", "/discovery/resources", { headers }),
      await world.rest("GET", "/trpc/agent.flowStatus", { token, headers }),
      await world.rest("GET", "/trpc/agent.nope", { headers }),
      await world.rest("GET", "/trpc/agent.flowStatus,agent.nope?batch=1", { token, headers }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 404, 400, 413, 404, 200, 200, 404, 207]);
    for (const answer of answers) {
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
      expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
      expect(listOf(answer, "access-control-expose-headers")).toEqual(EXPOSED);
    }
  });

  test("an OPTIONS request that isn't a preflight names the methods of its path", async () => {
    const answer = await world.rest("OPTIONS", "/agent/auth", { headers: { origin: PAGE } });
    expect([answer.status, answer.headers.get("allow")]).toEqual([204, "POST, OPTIONS"]);
    expectRefused(await world.rest("OPTIONS", "/agent/no-such-route"), 404, "not_found");
  });
});

describe("routes that they may not call", () => {
  test.each([
    "/sponsor/apis",
    "/admin/users",
    "/healthz",
    "/metrics",
    "/agents",
    "/trpc/sponsor.listApis",
    "/trpc/admin.createUser",
    "/trpc/gpt.auth",
    "/trpc/",
    "/trpc/agent.flowStatus,sponsor.listApis?batch=1",
    "/trpc/agent.flowStatus,%ff?batch=1",
  ])("%s has no headers for foreign pages", async (path) => {
    for (const answer of [
      await preflight(path),
      await fetch(`${world.url}${path}`, { headers: { origin: PAGE } }),
    ])
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe.each(TRANSPORTS)("keys of administrators and sponsors over %s", (transport) => {
  let acme: SponsorWithKey;
  beforeAll(async () => {
    acme = await world.createSponsor();
  });

  const createSponsor = (origin?: string): Promise<Answer> => send("createSponsor", origin);
  const send = async (name: "createSponsor" | "listApis", origin?: string): Promise<Answer> => {
    const headers = origin === undefined ? {} : { origin };
    const isAdmin = name === "createSponsor";
    const token = isAdmin ? ADMIN_KEY : acme.key;
    const method = isAdmin ? "POST" : "GET";
    const body = isAdmin ? { body: { name: `From ${origin ?? "a server"}` } } : {};
    const path = isAdmin ? "admin/sponsors" : "sponsor/apis";
    if (transport === "rest") return world.rest(method, `/${path}`, { token, headers, ...body });
    const procedure = isAdmin ? "admin.createSponsor" : "sponsor.listApis";
    const answer = await world.rest(method, `/trpc/${procedure}`, { token, headers, ...body });
    const { result, error } = answer.body as { result?: { data: unknown }; error?: { data: unknown } };
    return { ...answer, body: result?.data ?? error?.data };
  };

  test.each([PAGE, "null", "http://localhost:1", "https://127.0.0.1"])(
    "they are refused from pages of %s, and nothing is done",
    async (origin) => {
      const answer = await createSponsor(origin);
      expectRefused(answer, 401, "unauthorized");
      expect(answer.headers.get("vary")).toContain("Origin");
      expect(await world.db.sponsor.count({ where: { name: `From ${origin}` } })).toBe(0);
      expectRefused(await send("listApis", origin), 401, "unauthorized");
    },
  );

  test("they are taken from our own pages, and from clients that aren't browsers", async () => {
    for (const origin of [undefined, new URL(world.url).origin]) {
      expectSuccess(await createSponsor(origin));
      expectSuccess(await send("listApis", origin));
    }
  });

  test("a refused page uses up nobody's limit for bad credentials", async () => {
    for (let n = 0; n < 5; n += 1) {
      const answer = await createSponsor(PAGE);
      expect(answer.status).toBe(401);
    }
    expectSuccess(await createSponsor());
  });
});

test("in a batch from a foreign page, a sponsor's call is refused by itself", async () => {
  const { key } = await world.createSponsor();
  const path = "/trpc/sponsor.listApis,agent.flowStatus?batch=1";
  const answer = await world.rest("GET", path, { token: key, headers: { origin: PAGE } });
  expect(answer.body).toMatchObject([
    { error: { data: { error_code: "unauthorized", message: expect.stringContaining("other origins") } } },
    { error: { data: { error_code: "unauthorized" } } },
  ]);
});
