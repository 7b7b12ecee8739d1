import { connect } from "node:net";
import { beforeEach, describe, expect, test } from "vitest";
import { AppError } from "../../src/core/protocol/errors.ts";
import type { Answer } from "./example-api.ts";
import { ADMIN_KEY, AGENT_KEY, SESSION, SPONSOR_KEY, useExampleApi } from "./example-api.ts";

const api = useExampleApi();
beforeEach(() => {
  api.audit.append = async (entry) => void api.audited.push(entry);
});

const CALLER = { agentSessionId: "session-1", grantId: "grant-1", agentId: "agent-1", userId: "user-1" };

describe("the audit rows of calls", () => {
  test("a call leaves one row with the caller, the operation and the shape of the request without its values", async () => {
    await api.request("GET", "/agent/services?q=my+illness&limit=5", { token: SESSION });
    await api.request("POST", "/trpc/agent.completeTask?x=1", {
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

  test("a row names the session that the call opened, and the status 202 that a procedure chose", async () => {
    await api.request("POST", "/agent/auth", { token: AGENT_KEY, body: {} });
    await api.request("POST", "/agent/services/pending/run", { token: SESSION, body: {} });
    expect(api.audited).toMatchObject([
      { agentId: "agent-1", agentSessionId: "opened-session", operation: "agent_auth", responseStatus: 200 },
      { operation: "agent_run_service", requestSummary: { service_key: "pending" }, responseStatus: 202 },
    ]);
  });

  const refusedCalls: [string, () => Promise<Answer>, object][] = [
    [
      "an expired session",
      () => api.request("GET", "/agent/flow/status", { token: "tf_as_expired" }),
      { agentSessionId: "session-2", grantId: "grant-1", responseStatus: 401, errorCode: "session_expired" },
    ],
    [
      "a broken schema",
      () => api.request("GET", "/agent/services?limit=0&x=1", { token: SESSION }),
      { ...CALLER, requestSummary: { limit: 0 }, errorCode: "validation_error" },
    ],
    [
      "a NUL character",
      () => api.request("GET", "/agent/services?q=%00", { token: SESSION }),
      { ...CALLER, requestSummary: { q: { type: "string", length: 1 } }, errorCode: "validation_error" },
    ],
    [
      "malformed JSON",
      () => api.request("POST", "/agent/auth", { token: AGENT_KEY, rawJson: "{" }),
      { agentId: "agent-1", operation: "agent_auth", requestSummary: {}, errorCode: "invalid_json" },
    ],
    [
      "a large body",
      () =>
        api.request("POST", "/agent/auth", {
          token: AGENT_KEY,
          rawJson: "a".repeat(300_000),
        }),
      { agentId: "agent-1", operation: "agent_auth", responseStatus: 413, errorCode: "payload_too_large" },
    ],
    [
      "another media type",
      () => api.request("POST", "/agent/auth", { token: AGENT_KEY, raw: "a" }),
      {
        agentId: "agent-1",
        operation: "agent_auth",
        responseStatus: 415,
        errorCode: "unsupported_media_type",
      },
    ],
    [
      "an unknown path",
      () => api.request("GET", "/agent/nope/tf_as_oops?q=1", { token: SESSION }),
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
      () => api.request("PUT", "/agent/auth", { token: AGENT_KEY }),
      { agentId: "agent-1", operation: "unmatched", responseStatus: 405, errorCode: "method_not_allowed" },
    ],
    [
      "an unknown procedure",
      () => api.request("POST", "/trpc/agent.nope", { token: "tf_as_expired" }),
      {
        agentSessionId: "session-2",
        operation: "unmatched",
        endpoint: "/trpc/agent.nope",
        errorCode: "not_found",
      },
    ],
    [
      "a procedure that throws",
      () => api.request("POST", "/agent/services/bug/run", { token: SESSION, body: {} }),
      { ...CALLER, operation: "agent_run_service", responseStatus: 500, errorCode: "internal_error" },
    ],
    [
      "an output that doesn't fit its schema",
      () => api.request("POST", "/agent/services/bad_output/run", { token: SESSION, body: {} }),
      { ...CALLER, responseStatus: 500, errorCode: "internal_error" },
    ],
  ];
  test.each(refusedCalls)(
    "a call refused for %s leaves one row with its status and error code",
    async (_why, call, expected) => {
      const answer = await call();
      expect(api.counted).toEqual([]);
      expect(api.audited).toHaveLength(1);
      expect(api.audited[0]).toMatchObject({ surface: "agent", responseStatus: answer.status, ...expected });
    },
  );

  const anonymousCalls: [string, () => Promise<Answer>, object][] = [
    [
      "no credential",
      () => api.request("GET", "/agent/flow/status"),
      { operation: "agent_flow_status", errorCode: "unauthorized" },
    ],
    [
      "an unknown credential",
      () => api.request("GET", "/trpc/agent.flowStatus", { token: "tf_as_unknown" }),
      { operation: "agent_flow_status", errorCode: "unauthorized" },
    ],
    [
      "malformed JSON without a credential",
      () => api.request("POST", "/trpc/agent.auth", { rawJson: "{" }),
      { operation: "agent_auth", errorCode: "invalid_json" },
    ],
    [
      "an unknown path without a credential",
      () => api.request("GET", "/agent/nope"),
      { operation: "unmatched", errorCode: "not_found" },
    ],
  ];
  test.each(anonymousCalls)(
    "a call refused for %s leaves no row, and is counted under a pseudonym of its address",
    async (_why, call, expected) => {
      const { status } = await call();
      expect(api.audited).toEqual([]);
      expect(api.counted).toEqual([
        {
          client: expect.stringMatching(/^[\w-]{16}$/) as string,
          surface: "agent",
          responseStatus: status,
          ...expected,
        },
      ]);
      expect(JSON.stringify(api.counted)).not.toContain("127.0.0.1");
    },
  );

  test("a public operation is counted too, and a sponsor's isn't", async () => {
    await api.request("GET", "/agent/hello");
    await api.request("PATCH", "/sponsor/apis/daylight", { body: {} });
    expect(api.counted).toMatchObject([{ operation: "agent_hello", responseStatus: 200 }]);
  });

  test("a call whose body breaks off leaves a row", async () => {
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
    socket.end(
      `POST /agent/auth HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${AGENT_KEY}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"user`,
    );
    await expect
      .poll(() => api.audited)
      .toMatchObject([{ operation: "agent_auth", errorCode: "invalid_request" }]);
  });

  test("calls of sponsors and administrators, and paths outside the API, leave no row", async () => {
    await api.request("PATCH", "/sponsor/apis/daylight", { token: SPONSOR_KEY, body: { active: true } });
    await api.request("PUT", "/admin/users/u", { token: ADMIN_KEY, body: { name: "Ada" } });
    await api.request("GET", "/nope", { token: SESSION });
    await api.request("GET", "/healthz");
    expect(api.audited).toEqual([]);
  });
});

describe("answers and their audit rows", () => {
  test("an answer waits until its audit row is written", async () => {
    let commit: () => void = () => {};
    api.audit.append = () => new Promise((resolve) => (commit = resolve));
    let answered = false;
    const call = api.request("GET", "/agent/services", { token: SESSION }).then((answer) => {
      answered = true;
      return answer;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBe(false);
    commit();
    expect((await call).status).toBe(200);
  });

  test.each([
    ["an accepted call", "/agent/services"],
    ["a refused call", "/agent/services?limit=0"],
    ["an unknown path", "/agent/nope"],
  ])("%s whose audit row can't be written is answered 503", async (_what, path) => {
    api.audit.append = () =>
      Promise.reject(new AppError("service_unavailable", { cause: new Error("disk full") }));
    const answer = await api.request("GET", path, { token: SESSION });
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
