import { createTRPCClient, httpBatchLink, httpLink, TRPCClientError } from "@trpc/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ErrorEnvelope } from "../../src/api/response/envelope.ts";
import type { ExampleApi } from "./example-api.ts";
import { AGENT_KEY, request, SESSION, SPONSOR_KEY, startExampleApi } from "./example-api.ts";
import type { ExampleRouter } from "./example-router.ts";

let api: ExampleApi;
beforeAll(async () => {
  api = await startExampleApi();
});
afterAll(() => api.close(1_000));
beforeEach(() => {
  api.audited.length = 0;
});

const clientOf = (token: string | undefined, seen?: (response: Response) => void) =>
  createTRPCClient<ExampleRouter>({
    links: [
      httpLink({
        url: `${api.url}/trpc`,
        ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
        async fetch(url, init) {
          const response = await fetch(url as string, init as RequestInit); // httpLink passes a string
          seen?.(response);
          return response;
        },
      }),
    ],
  });

type ClientError = TRPCClientError<ExampleRouter>;
const refusal = async (call: Promise<unknown>): Promise<ClientError> => {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof TRPCClientError) return error as ClientError;
  throw new Error("the call wasn't refused", { cause: error });
};

/** The envelope under `error.data`, without what tRPC adds. */
const envelopeOf = ({ data }: ClientError): unknown => {
  const { code: _code, httpStatus: _status, path: _path, ...envelope } = data ?? ({} as never);
  return envelope;
};

describe("the typed client", () => {
  it("gets the envelope as a procedure's result", async () => {
    const answer = await clientOf(SESSION).agent.searchServices.query({ limit: 5, active: true });
    expect(answer).toEqual({
      status: "success",
      data: { input: { limit: 5, active: true }, actor: "session-1" },
      next_actions: [],
    });
    const { next_actions } = await clientOf(AGENT_KEY).agent.auth.mutate({});
    expect(next_actions[0]).toMatchObject({ operation_id: "agent_search_services", params: { limit: 5 } });
  });

  it("may leave out an input that has no fields", async () => {
    const answer = await request(api, "GET", "/trpc/agent.flowStatus", { token: SESSION });
    expect(answer.status).toBe(200);
  });

  it("gets the status and headers a procedure asks for", async () => {
    let response: Response | undefined;
    await clientOf(SESSION, (r) => (response = r)).agent.runService.mutate({ service_key: "pending" });
    expect(response?.status).toBe(202);
    expect(response?.headers.get("retry-after")).toBe("2");
    expect(response?.headers.get("cache-control")).toBe("no-store");
  });

  it("gets an error's envelope, status and headers", async () => {
    let response: Response | undefined;
    const client = clientOf(SESSION, (r) => (response = r));
    const error = await refusal(client.agent.runService.mutate({ service_key: "busy" }));
    expect(ErrorEnvelope.strict().safeParse(envelopeOf(error)).error).toBeUndefined();
    expect(error.message).toBe("Too many requests.");
    expect(error.shape?.code).toBe(-32029);
    expect(error.data).toMatchObject({
      code: "TOO_MANY_REQUESTS",
      httpStatus: 429,
      path: "agent.runService",
      status: "error",
      error_code: "rate_limited",
      retry_allowed: true,
      retry_after_seconds: 12,
      next_actions: [{ endpoint: "/agent/flow/status" }],
      request_id: response?.headers.get("x-request-id"),
    });
    expect(response?.status).toBe(429);
    expect(response?.headers.get("retry-after")).toBe("12");
  });

  it("carries typed data of our own", async () => {
    const error = await refusal(clientOf(SESSION).agent.runService.mutate({ service_key: "needs_task" }));
    // Typed access: this wouldn't compile if the formatter's shape got lost.
    expect(error.data?.next_actions.map((action) => action.endpoint)).toEqual(["/agent/tasks/a%2Fb%20c"]);
    expect(error.data?.details).toEqual({ campaigns: [] });
    expect(error.data?.code).toBe("PRECONDITION_FAILED");
  });

  it("says nothing about our bugs", async () => {
    for (const service_key of ["bug", "bad_output"]) {
      const error = await refusal(clientOf(SESSION).agent.runService.mutate({ service_key }));
      expect(error.data).toMatchObject({ error_code: "internal_error", httpStatus: 500, next_actions: [] });
      expect(JSON.stringify(error.shape)).not.toMatch(/secret|hunter2|stack|expected/);
    }
  });

  it("gets input errors at their fields", async () => {
    const error = await refusal(
      clientOf(SESSION).agent.searchServices.query({ limit: "5", nope: 1 } as unknown as { limit: number }),
    );
    expect(error.data?.field_errors?.map(({ path, keyword }) => [path, keyword])).toEqual([
      ["/limit", "type"],
      ["/nope", "additionalProperties"],
    ]);
  });

  it("is offered to sign in where its session is gone", async () => {
    for (const [token, code] of [
      [undefined, "unauthorized"],
      ["tf_as_expired", "session_expired"],
    ] as const) {
      let response: Response | undefined;
      const error = await refusal(clientOf(token, (r) => (response = r)).agent.flowStatus.query({}));
      expect(error.data).toMatchObject({ error_code: code, code: "UNAUTHORIZED", httpStatus: 401 });
      expect(error.data?.next_actions).toMatchObject([{ action: "auth", endpoint: "/agent/auth" }]);
      expect(response?.headers.get("www-authenticate")).toBe("Bearer");
    }
  });
});

describe("what isn't a call is refused with the envelope in error.data", () => {
  interface TrpcAnswer {
    error: { code: number; message: string; data: Record<string, unknown> };
  }

  async function expectRefused(
    [method, path, options]: [string, string, Parameters<typeof request>[3]?],
    status: number,
    code: string,
  ): Promise<Headers> {
    const answer = await request(api, method, `/trpc/${path}`, { token: AGENT_KEY, ...options });
    const { error } = answer.body as unknown as TrpcAnswer;
    expect([answer.status, error.data["error_code"], error.data["httpStatus"]]).toEqual([
      status,
      code,
      status,
    ]);
    expect(error.message).toBe(error.data["message"]);
    expect(typeof error.code).toBe("number");
    const { code: _code, httpStatus: _status, path: _path, ...envelope } = error.data;
    expect(ErrorEnvelope.strict().safeParse(envelope).error).toBeUndefined();
    expect(answer.headers.get("x-request-id")).toBe(error.data["request_id"]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    return answer.headers;
  }

  const json = (raw: NonNullable<RequestInit["body"]>) => ({
    raw,
    headers: { "content-type": "application/json" },
  });

  it("unknown procedures", async () => {
    for (const path of ["", "nope", "agent", "agent.nope", "agent.auth.x", "x/agent.auth", "constructor"]) {
      await expectRefused(["POST", path, json("{}")], 404, "not_found");
    }
  });

  it("wrong methods", async () => {
    const allow = async (...call: [string, string]): Promise<string | null> =>
      (await expectRefused([...call, undefined], 405, "method_not_allowed")).get("allow");
    expect(await allow("GET", "agent.auth")).toBe("POST, OPTIONS");
    expect(await allow("POST", "agent.searchServices")).toBe("GET, HEAD, OPTIONS");
    expect(await allow("DELETE", "agent.revokeSession")).toBe("POST, OPTIONS");
  });

  it("malformed JSON, in a body and in a query", async () => {
    await expectRefused(["POST", "agent.auth", json("{")], 400, "invalid_json");
    await expectRefused(["GET", "agent.hello?input={"], 400, "invalid_json");
    await expectRefused(["GET", "agent.hello?input=%ff"], 400, "invalid_request");
  });

  it("other kinds of bodies", async () => {
    const form = new FormData();
    form.set("user_id", "u");
    await expectRefused(["POST", "agent.auth", { raw: form }], 415, "unsupported_media_type");
    for (const headers of [
      { "content-type": "text/plain" },
      { "content-type": "application/octet-stream" },
      { "content-type": "application/json", "content-encoding": "br" },
    ]) {
      await expectRefused(["POST", "agent.auth", { raw: "{}", headers }], 415, "unsupported_media_type");
    }
  });

  it("bodies above 256 KiB", async () => {
    await expectRefused(["POST", "agent.auth", json("a".repeat(256 * 1024 + 1))], 413, "payload_too_large");
  });

  it("inputs that are no object", async () => {
    for (const raw of ["[]", "null", "5", '"text"']) {
      await expectRefused(["POST", "agent.auth", json(raw)], 400, "validation_error");
    }
  });

  it("batches", async () => {
    const client = createTRPCClient<ExampleRouter>({
      links: [httpBatchLink({ url: `${api.url}/trpc`, headers: { authorization: `Bearer ${SESSION}` } })],
    });
    const error = await refusal(client.agent.flowStatus.query({}));
    expect(error.data).toMatchObject({ error_code: "invalid_request", httpStatus: 400 });
    await expectRefused(["GET", "agent.hello,agent.flowStatus?batch=1"], 400, "invalid_request");
  });

  it("HEAD answers like GET without a body, OPTIONS names the methods", async () => {
    expect((await request(api, "HEAD", "/trpc/agent.flowStatus")).status).toBe(401);
    const options = await request(api, "OPTIONS", "/trpc/agent.auth");
    expect([options.status, options.headers.get("allow")]).toEqual([204, "POST, OPTIONS"]);
  });
});

describe("schemas shared between transports", () => {
  it("take a JSON string for a boolean nowhere, however many query strings were coerced", async () => {
    for (const active of ["true", "false"]) {
      const coerced = await request(api, "GET", `/agent/services?active=${active}`, { token: SESSION });
      expect(coerced.body.data.input).toEqual({ active: active === "true" });
    }
    const wrong = { service_key: "daylight", active: "false" as unknown as boolean };
    const error = await refusal(clientOf(SPONSOR_KEY).sponsor.setActive.mutate(wrong));
    expect(error.data?.field_errors?.map(({ path, keyword }) => [path, keyword])).toEqual([
      ["/active", "type"],
    ]);
    const rest = await request(api, "PATCH", "/sponsor/apis/daylight", {
      token: SPONSOR_KEY,
      body: { active: "false" },
    });
    expect([rest.status, rest.body.field_errors?.[0]?.keyword]).toEqual([400, "type"]);
    const query = await refusal(
      clientOf(SESSION).agent.searchServices.query({ limit: "1" } as unknown as { limit: number }),
    );
    expect(query.data?.error_code).toBe("validation_error");
  });
});
