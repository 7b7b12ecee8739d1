import { TRPCError } from "@trpc/server";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ErrorEnvelope } from "../../src/api/response/envelope.ts";
import { NO_CALL, toAppError, toWireError } from "../../src/api/response/error-body.ts";
import type { ErrorCode } from "../../src/core/protocol/errors.ts";
import { AppError, ERRORS } from "../../src/core/protocol/errors.ts";
import { next } from "../../src/core/protocol/next-actions.ts";
import type { Answer } from "./example-api.ts";
import { SESSION, useExampleApi } from "./example-api.ts";

const APPROVAL = {
  approval_id: "a",
  approval_url: "https://tollfree.example/approvals/a",
  user_code: "BCDF-GHJK",
  expires_at: "2026-11-23T12:00:00.000Z",
  poll_interval_seconds: 5,
};

const CALL = { ...NO_CALL, requestId: "r-1" };

describe("an AppError on the wire", () => {
  test.each(Object.keys(ERRORS) as ErrorCode[])(
    "the error %s has the catalogue's status, message and retry rule",
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

  test("an error names its waiting time in whole seconds, the same in the body and in Retry-After", () => {
    for (const [given, said] of [
      [11.2, 12],
      [0, 1],
      [60, 60],
    ] as const) {
      const { body, headers } = toWireError(new AppError("rate_limited", { retryAfterSeconds: given }), CALL);
      expect([body.retry_after_seconds, headers["Retry-After"]]).toEqual([said, String(said)]);
    }
  });

  test("an error without a waiting time has none in the body and no Retry-After", () => {
    const { body, headers } = toWireError(new AppError("conflict"), CALL);
    expect([body.retry_after_seconds, headers["Retry-After"]]).toEqual([undefined, undefined]);
  });

  test("an error carries its details, field errors, headers and next actions, and never its cause", () => {
    const { body, headers, cause } = toWireError(
      new AppError("consent_required", {
        details: APPROVAL,
        fieldErrors: [{ path: "/x", message: "m", keyword: "k" }],
        headers: { "X-Extra": "1" },
        nextActions: [next.getApproval("a")],
        cause: new Error("secret"),
      }),
      {
        ...CALL,
        requestId: "r",
        renderActions: (actions) => actions.map(({ action }) => ({ action }) as never),
      },
    );
    expect(body).toMatchObject({
      details: APPROVAL,
      field_errors: [{ path: "/x", message: "m", keyword: "k" }],
      retry_allowed: true,
      next_actions: [{ action: "get_approval" }],
    });
    expect(headers["X-Extra"]).toBe("1");
    expect(JSON.stringify(body)).not.toContain("secret");
    expect(cause).toEqual(new Error("secret"));
  });
});

describe("other thrown values on the wire", () => {
  const coded = (fields: object): Error => Object.assign(new Error("host db-1 user app"), fields);

  test.each([
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
  ])("%s becomes service_unavailable, since a dependency is down", (thrown) => {
    const { status, body, headers } = toWireError(thrown, CALL);
    expect([status, body.error_code, body.retry_allowed]).toEqual([503, "service_unavailable", true]);
    expect(body.message).toBe(ERRORS.service_unavailable.message);
    expect(headers["Retry-After"]).toBe(String(body.retry_after_seconds));
  });

  const circular = new Error("circular");
  circular.cause = circular;

  test.each([
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
  ])("%s becomes internal_error without a detail of what was thrown", (thrown) => {
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

  test.each([
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
  ] as const)("tRPC's %s becomes %s", (code, expected) => {
    const error = toAppError(new TRPCError({ code, message: "secret" }));
    expect([error.code, error.message]).toEqual([expected, ERRORS[expected].message]);
  });

  test("an AppError inside a TRPCError is used itself", () => {
    const error = new AppError("conflict");
    expect(toAppError(new TRPCError({ code: "INTERNAL_SERVER_ERROR", cause: error }))).toBe(error);
  });

  test("a SyntaxError inside a TRPCError becomes invalid_json", () => {
    expect(toAppError(new TRPCError({ code: "BAD_REQUEST", cause: new SyntaxError("x") })).code).toBe(
      "invalid_json",
    );
  });
});

describe("errors over HTTP", () => {
  const api = useExampleApi();

  const run = (serviceKey: string): Promise<Answer> =>
    api.request("POST", `/agent/services/${serviceKey}/run`, { token: SESSION, body: {} });

  test("a bug is answered without its message, and logged with its cause", async () => {
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

  test("an output that doesn't fit its schema is answered with internal_error", async () => {
    const answer = await run("bad_output");
    expect([answer.status, answer.body.error_code, answer.body.field_errors]).toEqual([
      500,
      "internal_error",
      undefined,
    ]);
  });

  test("a database that is down is answered with 503, in a procedure and in the credential check", async () => {
    for (const answer of [
      await run("database_down"),
      await api.request("GET", "/agent/flow/status", { token: "tf_as_database_down" }),
    ]) {
      expect([answer.status, answer.body.error_code]).toEqual([503, "service_unavailable"]);
      expect(answer.headers.get("retry-after")).toBe(String(answer.body.retry_after_seconds));
    }
  });

  test("a refusal has its headers, details and next actions, and is logged as info", async () => {
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
