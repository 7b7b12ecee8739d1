import { describe, expect, test } from "vitest";
import type { Answer } from "./example-api.ts";
import { ADMIN_KEY, AGENT_KEY, expectRefusal, SESSION, SPONSOR_KEY, useExampleApi } from "./example-api.ts";

const api = useExampleApi();
const get = (path: string, token = SESSION): Promise<Answer> => api.request("GET", path, { token });

describe("a REST call", () => {
  test("a call answers with the envelope, and isn't cached", async () => {
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

  test("next actions name operations of the agent API, with their paths filled in and encoded", async () => {
    const answer = await api.request("POST", "/agent/tasks/a%2Fb%20c/complete", {
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

  test("an answer has the status and headers that its procedure chose", async () => {
    const answer = await api.request("POST", "/agent/services/pending/run", { token: SESSION, body: {} });
    expect(answer.status).toBe(202);
    expect(answer.headers.get("retry-after")).toBe("2");
  });

  test.each([
    ["GET", "/agent/hello", undefined, undefined],
    ["POST", "/agent/auth", AGENT_KEY, "agent-1"],
    ["PATCH", "/sponsor/apis/daylight", SPONSOR_KEY, "sponsor-1"],
    ["PUT", "/admin/users/u1", ADMIN_KEY, "admin"],
    ["DELETE", "/agent/session", SESSION, undefined],
  ])("%s %s accepts its own kind of credential", async (method, path, token, actor) => {
    const body = { PATCH: { active: false }, PUT: { name: "Ada" }, POST: {} }[method];
    const answer = await api.request(method, path, { ...(token !== undefined && { token }), body });
    expect(answer.status).toBe(200);
    expect(answer.body.data.actor).toBe(actor);
  });

  test("an empty body is accepted if the operation requires no field", async () => {
    expect((await api.request("POST", "/agent/auth", { token: AGENT_KEY })).status).toBe(200);
  });

  test.each(["Application/JSON", "application/json;charset=UTF-8", 'application/json; charset="utf-8"'])(
    "a body with the content type %s is read as JSON",
    async (type) => {
      const answer = await api.request("POST", "/agent/auth", {
        token: AGENT_KEY,
        raw: '\uFEFF{"user_id":"ü"}',
        headers: { "content-type": type },
      });
      expect(answer.body.data.input).toEqual({ user_id: "ü" });
    },
  );

  test("an exact path is matched before a path with a parameter", async () => {
    expect((await get("/agent/services/categories")).body.data.input).toBe("categories");
    expect((await get("/agent/services/other")).body.data.input).toEqual({ service_key: "other" });
  });

  test("a call is logged in one line", async () => {
    await api.request("GET", "/agent/services?limit=0", {
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
  test("query fields are converted to the types of the schema", async () => {
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

  test.each([
    ["limit=0x10", "/limit", "type"],
    ["limit=%201", "/limit", "type"],
    ["limit=1&limit=2", "/limit", "type"],
    ["limit[]=1", "/limit[]", "additionalProperties"],
    ["nope[]=1", "/nope[]", "additionalProperties"],
    ["nope=", "/nope", "additionalProperties"],
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
  ])("the query %s is refused at %s with %s", async (query, path, keyword) => {
    const answer = await get(`/agent/services?${query}`);
    expectRefusal(answer, 400, "validation_error");
    expect(answer.body.field_errors).toEqual([{ path, keyword, message: expect.any(String) as string }]);
  });

  test("query fields are refused by an operation that takes a body", async () => {
    const answer = await api.request("POST", "/agent/auth?user_id=u", { token: AGENT_KEY, body: {} });
    expectRefusal(answer, 400, "validation_error");
    expect(answer.body.field_errors?.map((e) => [e.path, e.keyword])).toEqual([
      ["/user_id", "additionalProperties"],
    ]);
  });

  test.each([
    ["GET", "/agent/services/daylight?service_key=other", undefined],
    ["PATCH", "/sponsor/apis/daylight", { service_key: "other", active: true }],
  ])("a path parameter that is sent a second time is refused: %s %s", async (method, path, body) => {
    const token = method === "GET" ? SESSION : SPONSOR_KEY;
    const answer = await api.request(method, path, { token, ...(body !== undefined && { body }) });
    expectRefusal(answer, 400, "validation_error");
    expect(answer.body.field_errors).toEqual([
      { path: "/service_key", keyword: "additionalProperties", message: "This field isn't allowed here." },
    ]);
  });
});

describe("HEAD and OPTIONS", () => {
  test("HEAD answers with the status and headers of GET, without the body", async () => {
    const [head, full] = [await api.request("HEAD", "/agent/hello"), await get("/agent/hello")];
    expect([head.status, head.text]).toEqual([200, ""]);
    expect(head.headers.get("content-length")).toBe(full.headers.get("content-length"));
  });

  test("HEAD is refused for an unknown path and for an operation without GET", async () => {
    expect((await api.request("HEAD", "/agent/nope")).status).toBe(404);
    expect((await api.request("HEAD", "/agent/auth")).status).toBe(405);
  });

  test("OPTIONS names the methods of a path, and leaves no audit row unless the path is unknown", async () => {
    const answer = await api.request("OPTIONS", "/agent/services/daylight");
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect(answer.headers.get("x-request-id")).not.toBeNull();
    expectRefusal(await api.request("OPTIONS", "/agent/nope", { token: SESSION }), 404, "not_found");
    expect(api.counted).toEqual([]);
    expect(api.audited.map((entry) => entry.endpoint)).toEqual(["/agent/nope"]);
  });
});

describe("credentials over REST", () => {
  test.each([
    [undefined, "unauthorized"],
    ["Basic dGY6eA==", "unauthorized"],
    ["Bearer", "unauthorized"],
    ["Bearer a b", "unauthorized"],
    [`Bearer ${"a".repeat(600)}`, "unauthorized"],
    ["Bearer tf_as_unknown", "unauthorized"],
    ["Bearer tf_as_expired", "session_expired"],
  ])("the credential %s is refused with %s and the next action auth", async (authorization, code) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const answer = await api.request("GET", "/agent/flow/status", { headers });
    expectRefusal(answer, 401, code);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(answer.body.next_actions.map((action) => action.operation_id)).toEqual(["agent_auth"]);
  });

  test("the scheme `bearer` in lower case is accepted", async () => {
    const headers = { authorization: `bearer ${SESSION}` };
    expect((await api.request("GET", "/agent/flow/status", { headers })).status).toBe(200);
  });
});

describe("X-Request-Id", () => {
  test.each([
    ["trace-42.A_b", true],
    ["a".repeat(128), true],
    ["a".repeat(129), false],
    ["a b", false],
    ["tf_as_live", false],
  ])("the request id %s is kept in the answer: %s", async (id, kept) => {
    const answer = await api.request("GET", "/agent/hello", { headers: { "x-request-id": id } });
    expect(answer.headers.get("x-request-id") === id).toBe(kept);
  });
});
