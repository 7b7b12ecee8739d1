import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../src/core/protocol/errors.ts";
import type { Answer, ExampleApi } from "./example-api.ts";
import { ADMIN_KEY, AGENT_KEY, request, SESSION, SPONSOR_KEY, startExampleApi } from "./example-api.ts";

let api: ExampleApi;
let append: ExampleApi["audit"]["append"];
beforeAll(async () => {
  api = await startExampleApi();
  append = (entry) => {
    api.audited.push(entry);
    return Promise.resolve();
  };
});
afterAll(() => api.close(1_000));
beforeEach(() => {
  api.audit.append = append;
  api.audited.length = 0;
});

const JSON_TYPE = { "content-type": "application/json" };
const CALLER = { agentSessionId: "session-1", grantId: "grant-1", agentId: "agent-1", userId: "user-1" };

describe("every call of an agent leaves one row", () => {
  it("that names who called what, and the request's shape without its values", async () => {
    await request(api, "GET", "/agent/services?q=my+illness&limit=5", { token: SESSION });
    await request(api, "POST", "/trpc/agent.completeTask?x=1", {
      token: SESSION,
      body: { campaign_id: "c1", task_data: { email: "ada@example.com", tf_as_x: 1 }, active: true },
    });
    expect(api.audited).toEqual([
      {
        ...CALLER,
        surface: "agent",
        operation: "agent_search_services",
        endpoint: "/agent/services",
        requestSummary: { q: { type: "string", length: 10 }, limit: 5 },
        responseStatus: 200,
      },
      {
        ...CALLER,
        surface: "agent",
        operation: "agent_complete_task",
        endpoint: "/trpc/agent.completeTask",
        requestSummary: {
          campaign_id: { type: "string", length: 2 },
          task_data: { type: "object", fields: { email: { type: "string", length: 15 } }, other_fields: 1 },
          active: { type: "boolean" },
        },
        responseStatus: 200,
      },
    ]);
  });

  it("also where a procedure learns whom the call concerns, and answers 202", async () => {
    await request(api, "POST", "/agent/auth", { token: AGENT_KEY, body: {} });
    await request(api, "POST", "/agent/services/pending/run", { token: SESSION, body: {} });
    expect(api.audited).toMatchObject([
      { agentId: "agent-1", agentSessionId: "opened-session", operation: "agent_auth", responseStatus: 200 },
      { operation: "agent_run_service", requestSummary: { service_key: "pending" }, responseStatus: 202 },
    ]);
  });

  const refused: [string, () => Promise<Answer>, object][] = [
    [
      "no credential",
      () => request(api, "GET", "/agent/flow/status"),
      { operation: "agent_flow_status", responseStatus: 401, errorCode: "unauthorized" },
    ],
    [
      "an expired session, still named",
      () => request(api, "GET", "/agent/flow/status", { token: "tf_as_expired" }),
      { agentSessionId: "session-2", grantId: "grant-1", responseStatus: 401, errorCode: "session_expired" },
    ],
    [
      "a broken schema",
      () => request(api, "GET", "/agent/services?limit=0&x=1", { token: SESSION }),
      { ...CALLER, requestSummary: { limit: 0 }, errorCode: "validation_error" },
    ],
    [
      "dirty input",
      () => request(api, "GET", "/agent/services?q=%00", { token: SESSION }),
      { ...CALLER, requestSummary: { q: { type: "string", length: 1 } }, errorCode: "validation_error" },
    ],
    [
      "malformed JSON",
      () => request(api, "POST", "/agent/auth", { token: AGENT_KEY, raw: "{", headers: JSON_TYPE }),
      { agentId: "agent-1", operation: "agent_auth", requestSummary: {}, errorCode: "invalid_json" },
    ],
    [
      "malformed JSON without a credential",
      () => request(api, "POST", "/trpc/agent.auth", { raw: "{", headers: JSON_TYPE }),
      { operation: "agent_auth", requestSummary: {}, responseStatus: 400, errorCode: "invalid_json" },
    ],
    [
      "a large body",
      () =>
        request(api, "POST", "/agent/auth", {
          token: AGENT_KEY,
          raw: "a".repeat(300_000),
          headers: JSON_TYPE,
        }),
      { agentId: "agent-1", operation: "agent_auth", responseStatus: 413, errorCode: "payload_too_large" },
    ],
    [
      "another media type",
      () => request(api, "POST", "/agent/auth", { token: AGENT_KEY, raw: "a" }),
      {
        agentId: "agent-1",
        operation: "agent_auth",
        responseStatus: 415,
        errorCode: "unsupported_media_type",
      },
    ],
    [
      "an unknown path",
      () => request(api, "GET", "/agent/nope/tf_as_oops?q=1", { token: SESSION }),
      {
        ...CALLER,
        operation: "unmatched",
        endpoint: "/agent/nope/[redacted]",
        responseStatus: 404,
        errorCode: "not_found",
      },
    ],
    [
      "a wrong method",
      () => request(api, "PUT", "/agent/auth", { token: AGENT_KEY }),
      { agentId: "agent-1", operation: "unmatched", responseStatus: 405, errorCode: "method_not_allowed" },
    ],
    [
      "an unknown procedure",
      () => request(api, "POST", "/trpc/agent.nope", { token: "tf_as_expired" }),
      {
        agentSessionId: "session-2",
        operation: "unmatched",
        endpoint: "/trpc/agent.nope",
        errorCode: "not_found",
      },
    ],
    [
      "a bug of ours",
      () => request(api, "POST", "/agent/services/bug/run", { token: SESSION, body: {} }),
      { ...CALLER, operation: "agent_run_service", responseStatus: 500, errorCode: "internal_error" },
    ],
    [
      "an output that doesn't fit its schema",
      () => request(api, "POST", "/agent/services/bad_output/run", { token: SESSION, body: {} }),
      { ...CALLER, responseStatus: 500, errorCode: "internal_error" },
    ],
  ];
  it.each(refused)("when refused for %s", async (_why, call, expected) => {
    const answer = await call();
    expect(api.audited).toHaveLength(1);
    expect(api.audited[0]).toMatchObject({ surface: "agent", responseStatus: answer.status, ...expected });
  });

  it("when its body breaks off", async () => {
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
    socket.end(
      `POST /agent/auth HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${AGENT_KEY}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"user`,
    );
    await expect
      .poll(() => api.audited)
      .toMatchObject([{ operation: "agent_auth", errorCode: "invalid_request" }]);
  });

  it("but not what sponsors and administrators do, nor paths outside the API", async () => {
    await request(api, "PATCH", "/sponsor/apis/daylight", { token: SPONSOR_KEY, body: { active: true } });
    await request(api, "PUT", "/admin/users/u", { token: ADMIN_KEY, body: { name: "Ada" } });
    await request(api, "GET", "/nope", { token: SESSION });
    await request(api, "GET", "/healthz");
    expect(api.audited).toEqual([]);
  });
});

describe("a row is durable before the answer leaves", () => {
  it("so an answer waits for it", async () => {
    let commit: () => void = () => {};
    api.audit.append = () => new Promise((resolve) => (commit = resolve));
    let answered = false;
    const call = request(api, "GET", "/agent/hello").then((answer) => {
      answered = true;
      return answer;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBe(false);
    commit();
    expect((await call).status).toBe(200);
  });

  it.each([
    ["an accepted call", "/agent/hello"],
    ["a refused call", "/agent/flow/status"],
    ["an unknown path", "/agent/nope"],
  ])("and %s that can't be audited is answered 503", async (_what, path) => {
    api.audit.append = () =>
      Promise.reject(new AppError("service_unavailable", { cause: new Error("disk full") }));
    const answer = await request(api, "GET", path);
    expect([answer.status, answer.body.error_code]).toEqual([503, "service_unavailable"]);
    expect(answer.body.retry_after_seconds).toBe(Number(answer.headers.get("retry-after")));
    expect(answer.text).not.toContain("disk");
    expect(api.logged.at(-1)).toMatchObject({
      level: "error",
      status: 503,
      error_code: "service_unavailable",
    });
  });
});
