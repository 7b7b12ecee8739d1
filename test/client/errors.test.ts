import { describe, expect, test } from "vitest";
import { errorsByStatus } from "../../src/api/openapi/operation-errors.ts";
import { NO_CALL, toTrpcErrorShape, toWireError } from "../../src/api/response/error-body.ts";
import type { ErrorCode } from "../../src/client/index.ts";
import { createApi } from "../../src/client/index.ts";
import type { ErrorDetails } from "../../src/core/protocol/error-details.ts";
import { ERROR_DETAILS } from "../../src/core/protocol/error-details.ts";
import { AppError, ERROR_CODES, ERRORS } from "../../src/core/protocol/errors.ts";
import { next } from "../../src/core/protocol/next-actions.ts";
import { RATE_RULES } from "../../src/core/protocol/rate-limit/index.ts";
import { OPERATIONS } from "../support/call.ts";
import { refusalOf } from "./refusal.ts";
import { SITUATIONS } from "./situations.ts";
import { useClientWorld } from "./use-client-world.ts";

const APPROVAL = {
  approval_id: "a-1",
  approval_url: "https://tollfree.example/approvals/a-1",
  user_code: "BCDF-GHJK",
  expires_at: "2026-11-23T12:00:00.000Z",
  poll_interval_seconds: 5,
};

/** Example details of every code that has details. The type makes the list complete. */
const DETAILS: ErrorDetails = {
  validation_error: { input_schema: { type: "object" } },
  consent_required: APPROVAL,
  scope_violation: { scope: "categories", missing: ["finance"] },
  data_consent_required: { missing: ["email"], purpose: "a newsletter", ...APPROVAL },
  budget_approval_required: { cost_cents: 2, remaining_cents: 1, ...APPROVAL },
  session_suspended: {
    session_id: "s-1",
    reason: "3 scope violations",
    suspended_at: "2026-11-23T12:00:00.000Z",
    how_to_resume: "Ask the user.",
  },
  task_required: { campaigns: [{ campaign_id: "c-1", sponsor: "Acme", task_type: "survey" }] },
  answer_held_back: { campaigns: [{ campaign_id: "c-1", held_until: "2026-11-23T12:00:00.000Z" }] },
  answer_rejected: { reject_reason: "rule", tries_left: 2 },
  cost_above_max: { max_cost_cents: 1, quoted_cents: 2 },
  price_changed: { price_cents: 2, quoted_cents: 3 },
  treasury_shortfall: { covered_cents: 10 },
  duplicate_request: { payment_id: "p-1" },
  rate_limited: { policy: "session", limit: 30, window_seconds: 60 },
  upstream_error: {
    payment_id: "p-1",
    payment_status: "pending",
    upstream: { status: 500, content_type: "text/plain", excerpt: "out of order" },
  },
  upstream_timeout: { payment_id: "p-1" },
  service_unavailable: { checks: { database: "failed" } },
};

describe("the client's errors", () => {
  test.each(ERROR_CODES)(
    "the error %s reaches the caller with every field that the server sent",
    async (code) => {
      const details = code in DETAILS ? DETAILS[code as keyof ErrorDetails] : undefined;
      const thrown = new AppError(code, {
        ...(details !== undefined && { details }),
        message: `because of ${code}`,
        retryAfterSeconds: 7,
        fieldErrors: [{ path: "/x", message: "m", keyword: "k" }],
        nextActions: [next.flowStatus()],
      });
      const actions = [{ action: "flow_status" } as never];
      const sent = toWireError(thrown, { ...NO_CALL, requestId: "r-1", renderActions: () => actions });
      const body = { error: toTrpcErrorShape(sent, "agent.flowStatus") };
      const api = createApi({
        url: "https://tollfree.example",
        token: "tf_as_x",
        retry: { retries: 0 },
        fetch: () => Promise.resolve(Response.json(body, { status: sent.status })),
      });

      const error = await refusalOf(api.agent.flowStatus.query());
      expect(error).toMatchObject({
        name: "TollfreeError",
        code,
        message: `because of ${code}`,
        retryAllowed: thrown.retryAllowed,
        retryAfterSeconds: 7,
        fieldErrors: [{ path: "/x", message: "m", keyword: "k" }],
        nextActions: actions,
        requestId: "r-1",
        httpStatus: ERRORS[code].status,
      });
      expect(error.details).toEqual(details);
    },
  );
});

describe("refusals of the agent API", () => {
  const world = useClientWorld({ limits: { agentSession: { ...RATE_RULES.agentSession, limit: 12 } } });

  /** Codes that no request of a test can cause. */
  const NOT_CAUSED_BY_REQUESTS: ErrorCode[] = ["internal_error", "service_unavailable"];

  test("every error code that an agent operation documents has a situation that causes it", () => {
    const documented = OPERATIONS.filter(({ surface }) => surface === "agent").flatMap((operation) =>
      [...errorsByStatus(operation).values()].flat(),
    );
    const covered = new Set([...Object.keys(SITUATIONS), ...NOT_CAUSED_BY_REQUESTS]);
    expect([...new Set(documented)].filter((code) => !covered.has(code))).toEqual([]);
  });

  test.each(Object.keys(SITUATIONS) as (keyof typeof SITUATIONS)[])(
    "a real server refuses with %s, its status and its promised details",
    async (code) => {
      const error = await refusalOf(SITUATIONS[code](world));
      expect(error.code).toBe(code);
      expect(error.httpStatus).toBe(ERRORS[code].status);
      expect(error.requestId).toEqual(expect.any(String));
      if (code in ERROR_DETAILS) ERROR_DETAILS[code as keyof typeof ERROR_DETAILS].parse(error.details);
      else expect(error.details).toBeUndefined();
    },
  );
});
