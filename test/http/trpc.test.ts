import { createTRPCClient, httpLink, TRPCClientError } from "@trpc/client";
import { describe, expect, test } from "vitest";
import { ErrorEnvelope } from "../../src/api/response/envelope.ts";
import type { RequestOptions } from "./example-api.ts";
import { AGENT_KEY, SESSION, SPONSOR_KEY, useExampleApi } from "./example-api.ts";
import type { ExampleRouter } from "./example-router.ts";

const api = useExampleApi();

/** A client with this token. `onResponse` gets the responses as they come from the server. */
const clientOf = (token: string | undefined, onResponse?: (response: Response) => void) =>
  createTRPCClient<ExampleRouter>({
    links: [
      httpLink({
        url: `${api.url}/trpc`,
        ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
        async fetch(url, init) {
          const response = await fetch(url as string, init as RequestInit); // httpLink passes a string
          onResponse?.(response);
          return response;
        },
      }),
    ],
  });

type ClientError = TRPCClientError<ExampleRouter>;
const refusalOf = async (call: Promise<unknown>): Promise<ClientError> => {
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

describe("a tRPC client", () => {
  test("a procedure's result is the envelope", async () => {
    const answer = await clientOf(SESSION).agent.searchServices.query({ limit: 5, active: true });
    expect(answer).toEqual({
      status: "success",
      data: { input: { limit: 5, active: true }, actor: "session-1" },
      next_actions: [],
    });
    const { next_actions } = await clientOf(AGENT_KEY).agent.auth.mutate({});
    expect(next_actions[0]).toMatchObject({ operation_id: "agent_search_services", params: { limit: 5 } });
  });

  test("a query without fields needs no input, and a blank one is none", async () => {
    for (const path of ["agent.flowStatus", "agent.flowStatus?input=", "agent.flowStatus?input=%20"]) {
      const answer = await api.request("GET", `/trpc/${path}`, { token: SESSION });
      expect(answer.status).toBe(200);
    }
  });

  test("a link that sends queries as POST gets the same results (methodOverride)", async () => {
    const headers = { authorization: `Bearer ${SESSION}` };
    const client = createTRPCClient<ExampleRouter>({
      links: [httpLink({ url: `${api.url}/trpc`, headers, methodOverride: "POST" })],
    });
    const answer = await client.agent.searchServices.query({ limit: 5 });
    expect(answer.data.input).toEqual({ limit: 5 });
    expect((await client.agent.flowStatus.query({})).status).toBe("success");
    const refused = await refusalOf(client.agent.searchServices.query({ limit: 0 }));
    expect(refused.data?.field_errors).toMatchObject([{ path: "/limit", keyword: "minimum" }]);
    expect(api.audited.map(({ operation }) => operation)).toEqual([
      "agent_search_services",
      "agent_flow_status",
      "agent_search_services",
    ]);
  });

  test("a result has the status and headers that its procedure chose", async () => {
    let response: Response | undefined;
    await clientOf(SESSION, (r) => (response = r)).agent.runService.mutate({ service_key: "pending" });
    expect(response?.status).toBe(202);
    expect(response?.headers.get("retry-after")).toBe("2");
    expect(response?.headers.get("cache-control")).toBe("no-store");
  });

  test("an error has the envelope in its data, the status and the headers", async () => {
    let response: Response | undefined;
    const client = clientOf(SESSION, (r) => (response = r));
    const error = await refusalOf(client.agent.runService.mutate({ service_key: "busy" }));
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

  test("an error's data is typed as the envelope", async () => {
    const error = await refusalOf(clientOf(SESSION).agent.runService.mutate({ service_key: "needs_task" }));
    // This compiles only if the client knows the type of the error formatter.
    expect(error.data?.next_actions.map((action) => action.endpoint)).toEqual(["/agent/tasks/a%2Fb%20c"]);
    expect(error.data?.details).toEqual({ campaigns: [] });
    expect(error.data?.code).toBe("PRECONDITION_FAILED");
  });

  test("an internal error tells nothing of its cause", async () => {
    for (const service_key of ["bug", "bad_output"]) {
      const error = await refusalOf(clientOf(SESSION).agent.runService.mutate({ service_key }));
      expect(error.data).toMatchObject({ error_code: "internal_error", httpStatus: 500, next_actions: [] });
      expect(JSON.stringify(error.shape)).not.toMatch(/secret|hunter2|stack|expected/);
    }
  });

  test("a validation error names the path of each wrong field", async () => {
    const error = await refusalOf(
      clientOf(SESSION).agent.searchServices.query({ limit: "5", nope: 1 } as unknown as { limit: number }),
    );
    expect(error.data?.field_errors?.map(({ path, keyword }) => [path, keyword])).toEqual([
      ["/limit", "type"],
      ["/nope", "additionalProperties"],
    ]);
  });

  test("a call without a valid session is refused with the next action auth", async () => {
    for (const [token, code] of [
      [undefined, "unauthorized"],
      ["tf_as_expired", "session_expired"],
    ] as const) {
      let response: Response | undefined;
      const error = await refusalOf(clientOf(token, (r) => (response = r)).agent.flowStatus.query({}));
      expect(error.data).toMatchObject({ error_code: code, code: "UNAUTHORIZED", httpStatus: 401 });
      expect(error.data?.next_actions).toMatchObject([{ action: "auth", endpoint: "/agent/auth" }]);
      expect(response?.headers.get("www-authenticate")).toBe("Bearer");
    }
  });
});

describe("refused tRPC requests", () => {
  interface TrpcAnswer {
    error: { code: number; message: string; data: Record<string, unknown> };
  }

  async function expectRefused(
    [method, path, options]: [string, string, RequestOptions?],
    status: number,
    code: string,
  ): Promise<Headers> {
    const answer = await api.request(method, `/trpc/${path}`, { token: AGENT_KEY, ...options });
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

  test("an unknown procedure is not found", async () => {
    for (const path of ["", "nope", "agent", "agent.nope", "agent.auth.x", "x/agent.auth", "constructor"]) {
      await expectRefused(["POST", path, { rawJson: "{}" }], 404, "not_found");
    }
  });

  test("a procedure called with a wrong method is refused with 405 and the allowed methods", async () => {
    const allow = async (...call: [string, string]): Promise<string | null> =>
      (await expectRefused(call, 405, "method_not_allowed")).get("allow");
    expect(await allow("GET", "agent.auth")).toBe("POST, OPTIONS");
    expect(await allow("PUT", "agent.searchServices")).toBe("GET, HEAD, POST, OPTIONS");
    expect(await allow("DELETE", "agent.revokeSession")).toBe("POST, OPTIONS");
  });

  test("malformed JSON in a body or a query is refused with 400", async () => {
    await expectRefused(["POST", "agent.auth", { rawJson: "{" }], 400, "invalid_json");
    await expectRefused(["GET", "agent.hello?input={"], 400, "invalid_json");
    await expectRefused(["GET", "agent.hello?input=%ff"], 400, "invalid_request");
  });

  test("a body that isn't plain JSON is refused with 415", async () => {
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

  test("a body above 256 KiB is refused with 413", async () => {
    await expectRefused(
      ["POST", "agent.auth", { rawJson: "a".repeat(256 * 1024 + 1) }],
      413,
      "payload_too_large",
    );
  });

  test("an input that isn't an object is refused with validation_error", async () => {
    for (const raw of ["[]", "null", "5", '"text"']) {
      await expectRefused(["POST", "agent.auth", { rawJson: raw }], 400, "validation_error");
    }
  });

  test("HEAD of a query is answered with the status of GET", async () => {
    expect((await api.request("HEAD", "/trpc/agent.flowStatus")).status).toBe(401);
  });

  test("OPTIONS of a procedure names its methods", async () => {
    const options = await api.request("OPTIONS", "/trpc/agent.auth");
    expect([options.status, options.headers.get("allow")]).toEqual([204, "POST, OPTIONS"]);
  });
});

describe("a schema that REST and tRPC share", () => {
  test("a JSON string for a boolean is refused over REST and tRPC, also after query strings were coerced", async () => {
    for (const active of ["true", "false"]) {
      const coerced = await api.request("GET", `/agent/services?active=${active}`, { token: SESSION });
      expect(coerced.body.data.input).toEqual({ active: active === "true" });
    }
    const wrong = { service_key: "daylight", active: "false" as unknown as boolean };
    const error = await refusalOf(clientOf(SPONSOR_KEY).sponsor.setActive.mutate(wrong));
    expect(error.data?.field_errors?.map(({ path, keyword }) => [path, keyword])).toEqual([
      ["/active", "type"],
    ]);
    const rest = await api.request("PATCH", "/sponsor/apis/daylight", {
      token: SPONSOR_KEY,
      body: { active: "false" },
    });
    expect([rest.status, rest.body.field_errors?.[0]?.keyword]).toEqual([400, "type"]);
    const query = await refusalOf(
      clientOf(SESSION).agent.searchServices.query({ limit: "1" } as unknown as { limit: number }),
    );
    expect(query.data?.error_code).toBe("validation_error");
  });
});
