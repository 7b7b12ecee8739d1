import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ErrorEnvelope } from "../../src/api/response/envelope.ts";
import type { Answer, ExampleApi } from "./example-api.ts";
import { ADMIN_KEY, AGENT_KEY, request, SESSION, SPONSOR_KEY, startExampleApi } from "./example-api.ts";

let api: ExampleApi;
beforeAll(async () => {
  api = await startExampleApi();
});
afterAll(() => api.close(1_000));
beforeEach(() => {
  api.audited.length = 0;
  api.logged.length = 0;
});

const get = (path: string, token = SESSION): Promise<Answer> => request(api, "GET", path, { token });

/** An answer that refuses: the envelope to the letter, and the headers every refusal has. */
function expectRefusal(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body.error_code]).toEqual([status, code]);
  expect(ErrorEnvelope.strict().safeParse(answer.body).error).toBeUndefined();
  expect(answer.headers.get("x-request-id")).toBe(answer.body.request_id);
  expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(answer.headers.get("cache-control")).toBe("no-store");
}

describe("a call", () => {
  it("answers with the envelope, the caller known", async () => {
    const answer = await get("/agent/services?limit=5");
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      status: "success",
      data: { input: { limit: 5 }, actor: "session-1" },
      next_actions: [],
    });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("renders next actions as operations of the agent surface, paths filled in and encoded", async () => {
    const answer = await request(api, "POST", "/agent/tasks/a%2Fb%20c/complete", {
      token: SESSION,
      body: { task_data: {}, active: true },
    });
    expect(answer.body.data.input).toEqual({ campaign_id: "a/b c", task_data: {}, active: true });
    expect(answer.body.next_actions).toEqual([
      {
        action: "get_task",
        method: "GET",
        endpoint: "/agent/tasks/a%2Fb%20c",
        operation_id: "agent_get_task",
        auth: "session",
        params: {},
        description: "Read what the sponsor asks for.",
      },
    ]);
  });

  it("takes the status and headers a procedure asks for", async () => {
    const answer = await request(api, "POST", "/agent/services/pending/run", { token: SESSION, body: {} });
    expect(answer.status).toBe(202);
    expect(answer.headers.get("retry-after")).toBe("2");
  });

  it.each([
    ["GET", "/agent/hello", undefined, undefined],
    ["POST", "/agent/auth", AGENT_KEY, "agent-1"],
    ["PATCH", "/sponsor/apis/daylight", SPONSOR_KEY, "sponsor-1"],
    ["PUT", "/admin/users/u1", ADMIN_KEY, "admin"],
    ["DELETE", "/agent/session", SESSION, undefined],
  ])("%s %s takes its own kind of credential", async (method, path, token, actor) => {
    const body = { PATCH: { active: false }, PUT: { name: "Ada" }, POST: {} }[method];
    const answer = await request(api, method, path, { ...(token !== undefined && { token }), body });
    expect(answer.status).toBe(200);
    expect(answer.body.data.actor).toBe(actor);
  });

  it("accepts an empty body where no field is required, and any spelling of application/json", async () => {
    expect((await request(api, "POST", "/agent/auth", { token: AGENT_KEY })).status).toBe(200);
    for (const type of [
      "Application/JSON",
      "application/json;charset=UTF-8",
      'application/json; charset="utf-8"',
    ]) {
      const answer = await request(api, "POST", "/agent/auth", {
        token: AGENT_KEY,
        raw: '\uFEFF{"user_id":"ü"}',
        headers: { "content-type": type },
      });
      expect(answer.body.data.input).toEqual({ user_id: "ü" });
    }
  });

  it("is found by its exact path before a parametric one", async () => {
    expect((await get("/agent/services/categories")).body.data.input).toBe("categories");
    expect((await get("/agent/services/other")).body.data.input).toEqual({ service_key: "other" });
  });

  it("is logged in one line", async () => {
    await request(api, "GET", "/agent/services?limit=0", {
      token: SESSION,
      headers: { "x-request-id": "r-1" },
    });
    expect(api.logged).toEqual([
      expect.objectContaining({
        message: "request",
        level: "info",
        request_id: "r-1",
        transport: "rest",
        surface: "agent",
        operation: "agent_search_services",
        status: 400,
        error_code: "validation_error",
        ms: expect.any(Number) as number,
      }),
    ]);
  });
});

describe("query fields", () => {
  it("become what the schema expects", async () => {
    const { body } = await get(
      "/agent/services?limit=7&max_budget_cents=0.25&active=false&q=a+b%26c&preferred_task_types=survey&sizes=1&sizes=2.5",
    );
    expect(body.data.input).toEqual({
      limit: 7,
      max_budget_cents: 0.25,
      active: false,
      q: "a b&c",
      preferred_task_types: ["survey"],
      sizes: [1, 2.5],
    });
  });

  it.each([
    ["limit=0x10", "/limit", "type"],
    ["limit=", "/limit", "type"],
    ["limit=%201", "/limit", "type"],
    ["limit=1&limit=2", "/limit", "type"],
    ["limit=1.5", "/limit", "type"],
    ["limit=51", "/limit", "maximum"],
    ["limit=0", "/limit", "minimum"],
    ["max_budget_cents=1e999", "/max_budget_cents", "type"],
    ["active=1", "/active", "type"],
    ["active=TRUE", "/active", "type"],
    ["sort=size", "/sort", "enum"],
    ["q=aaaaaaaaaaaaaaaaaaaaa", "/q", "maxLength"],
    ["sizes=1&sizes=x", "/sizes/1", "type"],
    ["nope=1", "/nope", "additionalProperties"],
    ["a%2Fb~=1", "/a~1b~0", "additionalProperties"],
    ["__proto__=1", "/__proto__", "propertyNames"],
    ["constructor=1", "/constructor", "additionalProperties"],
    ["q=%00", "/q", "pattern"],
  ])("%s is refused at %s as %s", async (query, path, keyword) => {
    const answer = await get(`/agent/services?${query}`);
    expectRefusal(answer, 400, "validation_error");
    expect(answer.body.field_errors).toEqual([{ path, keyword, message: expect.any(String) as string }]);
  });

  it("are refused where the operation takes a body", async () => {
    const answer = await request(api, "POST", "/agent/auth?user_id=u", { token: AGENT_KEY, body: {} });
    expectRefusal(answer, 400, "validation_error");
    expect(answer.body.field_errors?.map((e) => [e.path, e.keyword])).toEqual([
      ["/user_id", "additionalProperties"],
    ]);
  });

  it.each([
    ["GET", "/agent/services/daylight?service_key=other", undefined],
    ["PATCH", "/sponsor/apis/daylight", { service_key: "other", active: true }],
  ])("a path parameter can't be sent a second time: %s %s", async (method, path, body) => {
    const token = method === "GET" ? SESSION : SPONSOR_KEY;
    const answer = await request(api, method, path, { token, ...(body !== undefined && { body }) });
    expectRefusal(answer, 400, "validation_error");
    expect(answer.body.field_errors).toEqual([
      { path: "/service_key", keyword: "additionalProperties", message: "This field isn't allowed here." },
    ]);
  });
});

describe("what isn't a call is refused in the envelope", () => {
  it.each(["/", "/nope", "/agent", "/agent/", "/agent/nope", "/agent/services/", "/AGENT/hello"])(
    "404 for %s, with the way in",
    async (path) => {
      const answer = await get(path);
      expectRefusal(answer, 404, "not_found");
      expect(answer.body.next_actions).toMatchObject([
        {
          action: "auth",
          method: "POST",
          endpoint: "/agent/auth",
          operation_id: "agent_auth",
          auth: "api_key",
        },
      ]);
    },
  );

  it.each([
    ["PUT", "/agent/auth", "POST, OPTIONS"],
    ["POST", "/agent/services/categories", "GET, HEAD, OPTIONS"],
    ["DELETE", "/agent/hello", "GET, HEAD, OPTIONS"],
    ["PROPFIND", "/agent/session", "DELETE, OPTIONS"],
    ["POST", "/healthz", "GET, HEAD, OPTIONS"],
  ])("405 for %s %s", async (method, path, allow) => {
    const answer = await request(api, method, path, { token: SESSION });
    expectRefusal(answer, 405, "method_not_allowed");
    expect(answer.headers.get("allow")).toBe(allow);
  });

  it.each(["{", '{"a":}', "nope", '"\u0001"', '{"user_id":"\\ud800'])("malformed JSON %s", async (raw) => {
    const answer = await request(api, "POST", "/agent/auth", {
      token: AGENT_KEY,
      raw,
      headers: { "content-type": "application/json" },
    });
    expectRefusal(answer, 400, "invalid_json");
  });

  it("malformed JSON is told even without a credential, which is refused where the JSON is fine", async () => {
    const headers = { "content-type": "application/json" };
    expectRefusal(await request(api, "POST", "/agent/auth", { raw: "{", headers }), 400, "invalid_json");
    expectRefusal(
      await request(api, "POST", "/agent/auth", { raw: '{"x":1}', headers }),
      401,
      "unauthorized",
    );
  });

  it("bytes that aren't UTF-8", async () => {
    const raw = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]);
    const headers = { "content-type": "application/json" };
    expectRefusal(
      await request(api, "POST", "/agent/auth", { token: AGENT_KEY, raw, headers }),
      400,
      "invalid_json",
    );
  });

  it.each(["[]", "null", "5", '"text"', "true"])("a body that is no object: %s", async (raw) => {
    const answer = await request(api, "POST", "/agent/auth", {
      token: AGENT_KEY,
      raw,
      headers: { "content-type": "application/json" },
    });
    expectRefusal(answer, 400, "validation_error");
    expect(answer.body.field_errors).toEqual([
      { path: "", keyword: "type", message: "Must be a JSON object." },
    ]);
  });

  it.each([
    { "content-type": "text/plain" },
    { "content-type": "application/x-www-form-urlencoded" },
    { "content-type": "application/json; charset=utf-16" },
    { "content-type": "application/json", "content-encoding": "gzip" },
    { "content-type": "" },
  ])("another kind of body: %s", async (headers) => {
    const answer = await request(api, "POST", "/agent/auth", {
      token: AGENT_KEY,
      raw: Buffer.from("{}"),
      headers: headers,
    });
    expectRefusal(answer, 415, "unsupported_media_type");
  });

  it("a body above 256 KiB, with its length said or not", async () => {
    const headers = { "content-type": "application/json" };
    const atLimit = `{"user_id":"${"a".repeat(256 * 1024 - 14)}"}`;
    expect(
      (await request(api, "POST", "/agent/auth", { token: AGENT_KEY, raw: atLimit, headers })).status,
    ).toBe(200);
    const above = `${atLimit} `;
    expectRefusal(
      await request(api, "POST", "/agent/auth", { token: AGENT_KEY, raw: above, headers }),
      413,
      "payload_too_large",
    );
    const stream = new Blob(Array.from({ length: 40 }, () => "a".repeat(16 * 1024))).stream();
    expectRefusal(
      await request(api, "POST", "/agent/auth", { token: AGENT_KEY, raw: stream, headers }),
      413,
      "payload_too_large",
    );
  });

  it.each([
    "/agent/tasks/%",
    "/agent/tasks/%ff",
    "/agent/tasks/%C3%28",
    "/agent/services?q=%",
    "/agent/services?%zz=1",
  ])("broken percent-encoding: %s", async (path) => {
    expectRefusal(await get(path), 400, "invalid_request");
  });

  it("a page that breaks", async () => {
    const answer = await get("/broken-page");
    expectRefusal(answer, 500, "internal_error");
    expect(answer.text).not.toContain("secret");
  });
});

describe("HEAD and OPTIONS", () => {
  it("HEAD answers like GET, without the body", async () => {
    const [head, full] = [await request(api, "HEAD", "/agent/hello"), await get("/agent/hello")];
    expect([head.status, head.text]).toEqual([200, ""]);
    expect(head.headers.get("content-length")).toBe(full.headers.get("content-length"));
    expect((await request(api, "HEAD", "/agent/nope")).status).toBe(404);
    expect((await request(api, "HEAD", "/agent/auth")).status).toBe(405);
  });

  it("OPTIONS names the methods and touches nothing", async () => {
    const answer = await request(api, "OPTIONS", "/agent/services/daylight");
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect(answer.headers.get("x-request-id")).not.toBeNull();
    expectRefusal(await request(api, "OPTIONS", "/agent/nope"), 404, "not_found");
    expect(api.audited.map((entry) => entry.endpoint)).toEqual(["/agent/nope"]);
  });
});

describe("credentials", () => {
  it.each([
    [undefined, "unauthorized"],
    ["Basic dGY6eA==", "unauthorized"],
    ["Bearer", "unauthorized"],
    ["Bearer a b", "unauthorized"],
    [`Bearer ${"a".repeat(600)}`, "unauthorized"],
    ["Bearer tf_as_unknown", "unauthorized"],
    ["Bearer tf_as_expired", "session_expired"],
  ])("%s is refused as %s, with auth as the way on", async (authorization, code) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const answer = await request(api, "GET", "/agent/flow/status", { headers });
    expectRefusal(answer, 401, code);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(answer.body.next_actions.map((action) => action.operation_id)).toEqual(["agent_auth"]);
  });

  it("the scheme's case doesn't matter", async () => {
    const headers = { authorization: `bearer ${SESSION}` };
    expect((await request(api, "GET", "/agent/flow/status", { headers })).status).toBe(200);
  });
});

describe("X-Request-Id", () => {
  it.each([
    ["trace-42.A_b", true],
    ["a".repeat(128), true],
    ["a".repeat(129), false],
    ["a b", false],
    ["tf_as_live", false],
  ])("%s echoed: %s", async (id, echoed) => {
    const answer = await request(api, "GET", "/agent/hello", { headers: { "x-request-id": id } });
    expect(answer.headers.get("x-request-id") === id).toBe(echoed);
  });
});
