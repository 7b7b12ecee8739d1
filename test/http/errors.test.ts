import { TRPCError } from "@trpc/server";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ErrorEnvelope } from "../../src/api/response/envelope.ts";
import { toAppError, toWireError } from "../../src/api/response/error-body.ts";
import type { ErrorCode } from "../../src/core/protocol/errors.ts";
import { AppError, ERRORS } from "../../src/core/protocol/errors.ts";
import { next } from "../../src/core/protocol/next-actions.ts";
import type { Answer, ExampleApi } from "./example-api.ts";
import { request, SESSION, startExampleApi } from "./example-api.ts";

const APPROVAL = {
  approval_id: "a",
  approval_url: "https://tollfree.example/approvals/a",
  user_code: "BCDF-GHJK",
  expires_at: "2026-11-23T12:00:00.000Z",
  poll_interval_seconds: 5,
};

const CALL = { requestId: "r-1", renderActions: () => [] };

describe("an AppError on the wire", () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])(
    "%s has the catalogue's status, message and retry rule",
    (code) => {
      const { status, body } = toWireError(new AppError(code), CALL);
      expect(ErrorEnvelope.strict().safeParse(body).error).toBeUndefined();
      expect(status).toBe(ERRORS[code].status);
      expect(body).toMatchObject({
        error_code: code,
        message: ERRORS[code].message,
        request_id: "r-1",
        next_actions: [],
      });
      expect(body.retry_allowed).toBe(ERRORS[code].retry === true);
    },
  );

  it("says how long to wait in whole seconds, the same in body and header", () => {
    for (const [given, said] of [
      [11.2, 12],
      [0, 1],
      [60, 60],
    ] as const) {
      const { body, headers } = toWireError(new AppError("rate_limited", { retryAfterSeconds: given }), CALL);
      expect([body.retry_after_seconds, headers["Retry-After"]]).toEqual([said, String(said)]);
    }
    const silent = toWireError(new AppError("conflict"), CALL);
    expect([silent.body.retry_after_seconds, silent.headers["Retry-After"]]).toEqual([undefined, undefined]);
  });

  it("keeps details, field errors, headers and actions, and never the cause", () => {
    const { body, headers, cause } = toWireError(
      new AppError("consent_required", {
        details: APPROVAL,
        fieldErrors: [{ path: "/x", message: "m", keyword: "k" }],
        headers: { "X-Extra": "1" },
        nextActions: [next.getApproval("a")],
        cause: new Error("secret"),
      }),
      { requestId: "r", renderActions: (actions) => actions.map(({ action }) => ({ action }) as never) },
    );
    expect(body).toMatchObject({
      details: APPROVAL,
      retry_allowed: true,
      next_actions: [{ action: "get_approval" }],
    });
    expect(headers["X-Extra"]).toBe("1");
    expect(JSON.stringify(body)).not.toContain("secret");
    expect(cause).toEqual(new Error("secret"));
  });
});

describe("anything else becomes an error a caller may see", () => {
  const coded = (fields: object): Error => Object.assign(new Error("host db-1 user app"), fields);

  it.each([
    ...["P1001", "P1002", "P1008", "P1017", "P2024", "P2028"].map((code) => coded({ code })),
    ...["57P01", "57P02", "57P03", "53300", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT"].map((code) =>
      coded({ code }),
    ),
    coded({ errorCode: "P1001" }),
    coded({ code: "P2010", meta: { driverAdapterError: { cause: { kind: "DatabaseNotReachable" } } } }),
    coded({
      code: "P2010",
      meta: { driverAdapterError: { cause: { kind: "postgres", originalCode: "57P01" } } },
    }),
    new Error("outer", { cause: new Error("middle", { cause: coded({ code: "ECONNREFUSED" }) }) }),
    new AggregateError([new Error("::1"), coded({ code: "ECONNREFUSED" })]),
    new Error("Connection terminated unexpectedly"),
    new TRPCError({ code: "INTERNAL_SERVER_ERROR", cause: coded({ code: "P2024" }) }),
  ])("%s: a dependency is down", (thrown) => {
    const { status, body, headers } = toWireError(thrown, CALL);
    expect([status, body.error_code, body.retry_allowed]).toEqual([503, "service_unavailable", true]);
    expect(body.message).toBe(ERRORS.service_unavailable.message);
    expect(headers["Retry-After"]).toBe(String(body.retry_after_seconds));
  });

  const circular = new Error("circular");
  circular.cause = circular;

  it.each([
    new Error("password=hunter2"),
    new TypeError("x is undefined"),
    coded({ code: "P2002" }),
    coded({ code: "23505" }),
    new z.ZodError([{ code: "custom", path: ["secret"], message: "secret", input: 1 }]),
    new TRPCError({
      code: "INTERNAL_SERVER_ERROR",
      message: "Output validation failed",
      cause: new z.ZodError([]),
    }),
    circular,
    "a string",
    undefined,
    null,
    { status: 404, message: "not ours" },
  ])("%s: internal_error, which says nothing", (thrown) => {
    const { status, body, headers } = toWireError(thrown, CALL);
    expect(status).toBe(500);
    expect(headers).toEqual({});
    expect(body).toEqual({
      status: "error",
      error_code: "internal_error",
      message: ERRORS.internal_error.message,
      retry_allowed: true,
      next_actions: [],
      request_id: "r-1",
    });
  });

  it.each([
    ["PARSE_ERROR", "invalid_json"],
    ["BAD_REQUEST", "invalid_request"],
    ["NOT_FOUND", "not_found"],
    ["METHOD_NOT_SUPPORTED", "method_not_allowed"],
    ["UNSUPPORTED_MEDIA_TYPE", "unsupported_media_type"],
    ["PAYLOAD_TOO_LARGE", "payload_too_large"],
    ["UNAUTHORIZED", "unauthorized"],
    ["TOO_MANY_REQUESTS", "rate_limited"],
    ["NOT_IMPLEMENTED", "internal_error"],
    ["CLIENT_CLOSED_REQUEST", "internal_error"],
  ] as const)("tRPC's %s is %s", (code, expected) => {
    const error = toAppError(new TRPCError({ code, message: "secret" }));
    expect([error.code, error.message]).toEqual([expected, ERRORS[expected].message]);
  });

  it("takes an AppError out of tRPC's wrapping, and a SyntaxError for malformed JSON", () => {
    const error = new AppError("conflict");
    expect(toAppError(new TRPCError({ code: "INTERNAL_SERVER_ERROR", cause: error }))).toBe(error);
    expect(toAppError(new TRPCError({ code: "BAD_REQUEST", cause: new SyntaxError("x") })).code).toBe(
      "invalid_json",
    );
  });
});

describe("over HTTP", () => {
  let api: ExampleApi;
  beforeAll(async () => {
    api = await startExampleApi();
  });
  afterAll(() => api.close(1_000));
  beforeEach(() => {
    api.logged.length = 0;
  });

  const run = (serviceKey: string): Promise<Answer> =>
    request(api, "POST", `/agent/services/${serviceKey}/run`, { token: SESSION, body: {} });

  it("a bug answers with nothing of it; the log has the cause", async () => {
    const answer = await run("bug");
    expect([answer.status, answer.body.error_code]).toEqual([500, "internal_error"]);
    expect(answer.text).not.toMatch(/hunter2|vault/);
    expect(api.logged).toMatchObject([
      {
        level: "error",
        message: "request",
        status: 500,
        error_code: "internal_error",
        err: { message: /hunter2/ },
      },
    ]);
  });

  it("an output that doesn't fit its schema is our bug", async () => {
    const answer = await run("bad_output");
    expect([answer.status, answer.body.error_code, answer.body.field_errors]).toEqual([
      500,
      "internal_error",
      undefined,
    ]);
  });

  it("a dependency that is down, in a procedure and in the credential check", async () => {
    for (const answer of [
      await run("database_down"),
      await request(api, "GET", "/agent/flow/status", { token: "tf_as_database_down" }),
    ]) {
      expect([answer.status, answer.body.error_code]).toEqual([503, "service_unavailable"]);
      expect(answer.headers.get("retry-after")).toBe(String(answer.body.retry_after_seconds));
    }
  });

  it("a refusal keeps its headers, details and actions", async () => {
    const answer = await run("needs_task");
    expect(answer.status).toBe(412);
    expect(answer.headers.get("x-extra")).toBe("yes");
    expect(answer.body).toMatchObject({
      error_code: "task_required",
      retry_allowed: true,
      details: { campaigns: [] },
      next_actions: [{ endpoint: "/agent/tasks/a%2Fb%20c", operation_id: "agent_get_task" }],
    });
    expect(api.logged).toMatchObject([{ level: "info", status: 412, error_code: "task_required" }]);
  });
});
