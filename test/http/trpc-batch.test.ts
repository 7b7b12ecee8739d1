import type { TRPCLink } from "@trpc/client";
import {
  createTRPCClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
  splitLink,
  TRPCClientError,
} from "@trpc/client";
import { beforeEach, describe, expect, test } from "vitest";
import { Gate } from "../support/gate.ts";
import { AGENT_KEY, SESSION, SPONSOR_KEY, useExampleApi } from "./example-api.ts";
import type { ExampleRouter } from "./example-router.ts";

const api = useExampleApi();
let sent: { method: string; url: string; body: unknown }[] = [];
let responses: Response[] = [];
beforeEach(() => {
  api.audit.append = async (entry) => void api.audited.push(entry);
  sent = [];
  responses = [];
});

const BATCH_LINKS = { httpBatchLink, httpBatchStreamLink };
type LinkName = keyof typeof BATCH_LINKS;

/** The options of a link that keeps its requests and responses. */
const options = (token: string = SESSION, headers: Record<string, string> = {}) => ({
  url: `${api.url}/trpc`,
  headers: { authorization: `Bearer ${token}`, ...headers },
  async fetch(url: unknown, init: unknown): Promise<Response> {
    const request = init as RequestInit;
    sent.push({ method: request.method ?? "", url: String(url), body: request.body });
    const response = await fetch(String(url), request);
    responses.push(response);
    return response;
  },
});

const clientWith = (link: TRPCLink<ExampleRouter>) => createTRPCClient<ExampleRouter>({ links: [link] });
const clientOf = (link: LinkName, token?: string, headers?: Record<string, string>) =>
  clientWith(BATCH_LINKS[link](options(token, headers)));

/** What each call came to: its input as the server echoed it, or its error's code. */
const outcomes = async (calls: Promise<{ data: { input?: unknown } }>[]): Promise<unknown[]> =>
  (await Promise.allSettled(calls)).map((result) =>
    result.status === "fulfilled" ? result.value.data.input : errorOf(result.reason).error_code,
  );

function errorOf(thrown: unknown): Record<string, unknown> {
  if (thrown instanceof TRPCClientError && thrown.data !== null) return thrown.data as never;
  throw thrown;
}

const rows = (): unknown[] =>
  api.audited.map(({ operation, endpoint, responseStatus, errorCode }) =>
    [operation, endpoint, responseStatus, errorCode].filter((part) => part !== undefined).join(" "),
  );

describe.each(Object.keys(BATCH_LINKS) as LinkName[])("%s", (link) => {
  test("queries of one moment are one request, and each gets its own result and audit row", async () => {
    const { agent } = clientOf(link);
    const results = await outcomes([
      agent.searchServices.query({ limit: 1 }),
      agent.flowStatus.query({}),
      agent.searchServices.query({ q: "a,b & c" }),
      agent.getTask.query({ campaign_id: "c1" }),
    ]);
    expect(results).toEqual([{ limit: 1 }, {}, { q: "a,b & c" }, { campaign_id: "c1" }]);
    expect(sent).toHaveLength(1);
    expect(responses[0]?.status).toBe(200);
    expect(rows().sort()).toEqual([
      "agent_flow_status /trpc/agent.flowStatus 200",
      "agent_get_task /trpc/agent.getTask 200",
      "agent_search_services /trpc/agent.searchServices 200",
      "agent_search_services /trpc/agent.searchServices 200",
    ]);
  });

  test("mutations are sent as one POST, with their inputs in the body", async () => {
    const { agent } = clientOf(link);
    const results = await outcomes([
      agent.completeTask.mutate({ campaign_id: "c1", task_data: { a: null }, active: true }),
      agent.completeTask.mutate({ campaign_id: "c2", task_data: {}, active: false }),
    ]);
    expect(results).toEqual([
      { campaign_id: "c1", task_data: { a: null }, active: true },
      { campaign_id: "c2", task_data: {}, active: false },
    ]);
    expect(sent.map(({ method }) => method)).toEqual(["POST"]);
  });

  test("queries can be sent as POST (methodOverride)", async () => {
    const { agent } = clientWith(BATCH_LINKS[link]({ ...options(), methodOverride: "POST" }));
    const results = await outcomes([
      agent.searchServices.query({ limit: 1 }),
      agent.searchServices.query({ limit: 2 }),
    ]);
    expect(results).toEqual([{ limit: 1 }, { limit: 2 }]);
    expect(sent.map(({ method }) => method)).toEqual(["POST"]);
  });

  test("a call that is refused doesn't touch the others", async () => {
    const { agent } = clientOf(link);
    const { nope } = agent as unknown as { nope: typeof agent.flowStatus };
    const results = await outcomes([
      agent.searchServices.query({ limit: 0 }),
      agent.flowStatus.query({}),
      nope.query({}),
      agent.getApproval.query({ approval_id: "a1" }),
    ]);
    expect(results).toEqual(["validation_error", {}, "not_found", "unauthorized"]);
    expect(rows().sort()).toEqual([
      "agent_flow_status /trpc/agent.flowStatus 200",
      "agent_search_services /trpc/agent.searchServices 400 validation_error",
      "unmatched /trpc/agent.nope 404 not_found",
    ]);
    // A session's token is no credential for this one, so nobody is known who called.
    expect(api.counted).toMatchObject([{ operation: "agent_get_approval", responseStatus: 401 }]);
    const logged = api.logged.filter(({ message }) => message === "request");
    expect(logged.map(({ status }) => status).sort()).toEqual([200, 400, 401, 404]);
  });

  test("an internal error of one call tells nothing of its cause", async () => {
    const { agent } = clientOf(link);
    const results = await outcomes([
      agent.runService.mutate({ service_key: "bug" }),
      agent.runService.mutate({ service_key: "bad_output" }),
      agent.runService.mutate({ service_key: "fine" }),
    ]);
    expect(results).toEqual(["internal_error", "internal_error", { service_key: "fine" }]);
  });

  test("the headers of one call don't reach another", async () => {
    const { agent } = clientOf(link);
    const calls = [
      agent.runService.mutate({ service_key: "busy" }),
      agent.runService.mutate({ service_key: "needs_task" }),
      agent.runService.mutate({ service_key: "pending" }),
    ];
    expect(await outcomes(calls)).toEqual(["rate_limited", "task_required", { service_key: "pending" }]);
    const headers = responses[0]?.headers;
    for (const name of ["retry-after", "x-extra", "ratelimit", "ratelimit-policy", "www-authenticate"])
      expect(headers?.get(name), name).toBeNull();
    expect(headers?.get("cache-control")).toBe("no-store");
    const refused = await calls[0]?.catch(errorOf);
    expect(refused).toMatchObject({
      retry_after_seconds: 12,
      request_id: headers?.get("x-request-id"),
      path: "agent.runService",
    });
  });

  test.each(["Idempotency-Key", "PAYMENT-SIGNATURE", "X-PAYMENT"])(
    "the header %s is refused with several calls, and nothing runs",
    async (name) => {
      const { agent } = clientOf(link, SESSION, { [name]: "abc" });
      const calls = [1, 2].map((n) => agent.runService.mutate({ service_key: `s${n}` }));
      expect(await outcomes(calls)).toEqual(["invalid_request", "invalid_request"]);
      expect(rows()).toEqual(["unmatched /trpc/agent.runService 400 invalid_request"]);
      expect(await outcomes([agent.runService.mutate({ service_key: "s1" })])).toEqual([
        { service_key: "s1" },
      ]);
    },
  );

  test("a batch without a credential is refused call by call", async () => {
    const { agent } = clientOf(link, "tf_as_expired");
    const results = await outcomes([agent.flowStatus.query({}), agent.auditHistory.query({})]);
    expect(results).toEqual(["session_expired", "session_expired"]);
    expect(api.audited).toHaveLength(2);
  });

  test("a failing audit log refuses the call whose row it lost, and no other", async () => {
    api.audit.append = async (entry) => {
      if (entry.operation === "agent_get_task") throw new Error("disk full");
      api.audited.push(entry);
    };
    const { agent } = clientOf(link);
    const results = await outcomes([agent.flowStatus.query({}), agent.getTask.query({ campaign_id: "c1" })]);
    expect(results).toEqual([{}, "service_unavailable"]);
  });

  test("100 calls fit in a batch, and 101 don't", async () => {
    const { agent } = clientOf(link);
    const batch = (size: number) => outcomes(Array.from({ length: size }, () => agent.flowStatus.query({})));
    expect(await batch(100)).toEqual(Array.from({ length: 100 }, () => ({})));
    expect(sent).toHaveLength(1);
    expect(api.audited).toHaveLength(100);
    expect(new Set(await batch(101))).toEqual(new Set(["invalid_request"]));
    expect(api.audited).toHaveLength(101);
  });

  test("splitLink sends some calls alone and others in a batch", async () => {
    const { agent } = clientWith(
      splitLink({
        condition: (op) => op.path === "agent.runService",
        true: httpLink(options()),
        false: BATCH_LINKS[link](options()),
      }),
    );
    const results = await outcomes([
      agent.flowStatus.query({}),
      agent.runService.mutate({ service_key: "s" }),
      agent.searchServices.query({ limit: 1 }),
    ]);
    expect(results).toEqual([{}, { service_key: "s" }, { limit: 1 }]);
    expect(sent).toHaveLength(2);
  });
});

describe("the list of httpBatchLink", () => {
  const batch = (method: string, names: string, body?: unknown, token = SESSION) =>
    api.request(method, `/trpc/${names}?batch=1`, { token, ...(body !== undefined && { body }) });

  test("calls of one status have that status, and others are 207", async () => {
    const statusOf = async (names: string): Promise<number> => (await batch("GET", names)).status;
    expect(await statusOf("agent.flowStatus,agent.auditHistory")).toBe(200);
    expect(await statusOf("agent.flowStatus,agent.getTask")).toBe(207);
    expect(await statusOf("agent.nope,agent.nopeToo")).toBe(404);
    const runs = { 0: { service_key: "pending" }, 1: { service_key: "pending" } };
    expect((await batch("POST", "agent.runService,agent.runService", runs)).status).toBe(202);
  });

  test("a batch of one call has its status and headers", async () => {
    const answer = await batch("POST", "agent.runService", { 0: { service_key: "busy" } });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "12"]);
    expect(answer.body).toMatchObject([{ error: { data: { error_code: "rate_limited" } } }]);
  });

  test("a call that doesn't fit the method is refused by itself", async () => {
    const answer = await batch("GET", "agent.flowStatus,agent.runService");
    expect(answer.body).toMatchObject([
      { result: { data: { status: "success" } } },
      { error: { data: { error_code: "method_not_allowed" } } },
    ]);
    expect(answer.headers.get("allow")).toBeNull();
  });

  test.each([
    ["malformed JSON", { rawJson: "{" }, 400, "invalid_json"],
    ["a list", { body: [{}, {}] }, 400, "invalid_request"],
    ["a text", { body: "x" }, 400, "invalid_request"],
    [
      "a body that isn't JSON",
      { raw: "{}", headers: { "content-type": "text/plain" } },
      415,
      "unsupported_media_type",
    ],
    ["a large body", { rawJson: "a".repeat(300_000) }, 413, "payload_too_large"],
  ])("%s as input is refused call by call", async (_what, body, status, code) => {
    const path = "/trpc/agent.auth,agent.auth?batch=1";
    const answer = await api.request("POST", path, { token: AGENT_KEY, ...body });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject([1, 2].map(() => ({ error: { data: { error_code: code } } })));
    expect(rows()).toEqual([1, 2].map(() => `agent_auth /trpc/agent.auth ${status} ${code}`));
  });

  test("each call keeps its own surface and credential", async () => {
    const changes = { 0: { service_key: "daylight", active: true }, 1: {} };
    const answer = await batch("POST", "sponsor.setActive,agent.auth", changes, SPONSOR_KEY);
    expect(answer.body).toMatchObject([
      { result: { data: { data: { actor: "sponsor-1" } } } },
      { error: { data: { error_code: "unauthorized" } } },
    ]);
    expect(rows()).toEqual([]);
    expect(api.counted).toMatchObject([{ operation: "agent_auth", errorCode: "unauthorized" }]);
  });

  test("HEAD has no body, and OPTIONS runs nothing", async () => {
    const head = await batch("HEAD", "agent.flowStatus,agent.auditHistory");
    expect([head.status, head.text]).toEqual([200, ""]);
    api.audited.length = 0;
    const allowed = await batch("OPTIONS", "agent.flowStatus,agent.auditHistory");
    expect([allowed.status, allowed.headers.get("allow")]).toEqual([204, "GET, HEAD, POST, OPTIONS"]);
    expect(api.audited).toEqual([]);
  });

  test("an undecodable path is refused once", async () => {
    const answer = await batch("GET", "agent.flowStatus,%ff");
    expect([answer.status, rows()]).toEqual([400, ["unmatched /trpc/agent.flowStatus 400 invalid_request"]]);
  });
});

describe("the stream of httpBatchStreamLink", () => {
  test("a result is sent when its call has ended, and only once its audit row is kept", async () => {
    const kept = new Gate();
    const isSlow = (operation: string): boolean => operation === "agent_flow_status";
    api.audit.append = async (entry) => {
      if (isSlow(entry.operation)) await kept.pass();
      api.audited.push(entry);
    };
    const { agent } = clientOf("httpBatchStreamLink");
    let isSlowDone = false;
    const slow = agent.flowStatus.query({}).then(() => (isSlowDone = true));
    const quick = await agent.searchServices.query({ limit: 1 });
    expect(quick.data.input).toEqual({ limit: 1 });
    await kept.arrived();
    // A second round trip: had the slow result been on its way, it would be here.
    await clientOf("httpBatchStreamLink").agent.auditHistory.query({});
    expect(isSlowDone).toBe(false);
    expect(api.audited.map(({ operation }) => operation)).not.toContain("agent_flow_status");
    kept.open();
    await slow;
    expect(api.audited.map(({ operation }) => operation)).toContain("agent_flow_status");
  });

  test("the stream is JSON lines, not cached, with the request's id", async () => {
    const answer = await fetch(`${api.url}/trpc/agent.flowStatus,agent.nope?batch=1`, {
      headers: { authorization: `Bearer ${SESSION}`, accept: "application/jsonl" },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/jsonl; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const [head, ...lines] = (await answer.text()).trimEnd().split("\n");
    expect(JSON.parse(head ?? "")).toEqual({ 0: [[0], [null, 0, 0]], 1: [[0], [null, 0, 1]] });
    const chunks = lines.map((line) => JSON.parse(line) as [number, number, unknown[][]]);
    chunks.sort(([a], [b]) => a - b);
    expect(chunks).toMatchObject([
      [0, 0, [[{ result: { data: { status: "success" } } }]]],
      [1, 0, [[{ error: { data: { request_id: answer.headers.get("x-request-id") } } }]]],
    ]);
  });

  test("calls whose caller leaves are still audited", async () => {
    const left = new AbortController();
    const kept = new Gate();
    api.audit.append = async (entry) => {
      await kept.pass();
      api.audited.push(entry);
    };
    const { agent } = clientOf("httpBatchStreamLink");
    const calls = [agent.flowStatus.query({}, left), agent.auditHistory.query({}, left)].map((call) =>
      call.catch((error: unknown) => error),
    );
    await kept.arrived(2);
    left.abort();
    kept.open();
    await Promise.all(calls);
    await expect.poll(() => api.audited.length).toBe(2);
  });
});
