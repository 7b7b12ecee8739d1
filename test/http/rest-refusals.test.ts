import { expect, test } from "vitest";
import type { Answer, RequestOptions } from "./example-api.ts";
import { AGENT_KEY, expectRefusal, SESSION, useExampleApi } from "./example-api.ts";

/** Requests over REST that aren't calls of an operation: wrong paths, methods, bodies and encodings. */

const api = useExampleApi();
const get = (path: string): Promise<Answer> => api.request("GET", path, { token: SESSION });
const postAuth = (options: RequestOptions): Promise<Answer> =>
  api.request("POST", "/agent/auth", { token: AGENT_KEY, ...options });

test.each(["/", "/nope", "/agent", "/agent/", "/agent/nope", "/agent/services/", "/AGENT/hello"])(
  "the path %s is not found, and the next action is auth",
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

test.each([
  ["PUT", "/agent/auth", "POST, OPTIONS"],
  ["POST", "/agent/services/categories", "GET, HEAD, OPTIONS"],
  ["DELETE", "/agent/hello", "GET, HEAD, OPTIONS"],
  ["PROPFIND", "/agent/session", "DELETE, OPTIONS"],
  ["POST", "/healthz", "GET, HEAD, OPTIONS"],
])("%s %s is refused with 405 and the allowed methods", async (method, path, allow) => {
  const answer = await api.request(method, path, { token: SESSION });
  expectRefusal(answer, 405, "method_not_allowed");
  expect(answer.headers.get("allow")).toBe(allow);
});

test.each(["{", '{"a":}', "nope", '"\u0001"', '{"user_id":"\\ud800'])(
  "malformed JSON is refused with invalid_json: %s",
  async (rawJson) => {
    expectRefusal(await postAuth({ rawJson }), 400, "invalid_json");
  },
);

test("without a credential, malformed JSON is refused as such, and valid JSON with unauthorized", async () => {
  expectRefusal(await api.request("POST", "/agent/auth", { rawJson: "{" }), 400, "invalid_json");
  expectRefusal(await api.request("POST", "/agent/auth", { rawJson: '{"x":1}' }), 401, "unauthorized");
});

test("a body that isn't UTF-8 is refused with invalid_json", async () => {
  const rawJson = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]);
  expectRefusal(await postAuth({ rawJson }), 400, "invalid_json");
});

test.each(["[]", "null", "5", '"text"', "true"])(
  "a body that isn't an object is refused with validation_error: %s",
  async (rawJson) => {
    const answer = await postAuth({ rawJson });
    expectRefusal(answer, 400, "validation_error");
    expect(answer.body.field_errors).toEqual([
      { path: "", keyword: "type", message: "Must be a JSON object." },
    ]);
  },
);

test.each([
  { "content-type": "text/plain" },
  { "content-type": "application/x-www-form-urlencoded" },
  { "content-type": "application/json; charset=utf-16" },
  { "content-type": "application/json", "content-encoding": "gzip" },
  { "content-type": "" },
])("a body that isn't plain JSON in UTF-8 is refused with 415: %s", async (headers) => {
  expectRefusal(await postAuth({ raw: Buffer.from("{}"), headers }), 415, "unsupported_media_type");
});

test("a body of 256 KiB is accepted, and one byte more is refused with 413", async () => {
  const atLimit = `{"user_id":"${"a".repeat(256 * 1024 - 14)}"}`;
  expect((await postAuth({ rawJson: atLimit })).status).toBe(200);
  expectRefusal(await postAuth({ rawJson: `${atLimit} ` }), 413, "payload_too_large");
});

test("a body above 256 KiB without a Content-Length is refused with 413", async () => {
  const rawJson = new Blob(Array.from({ length: 40 }, () => "a".repeat(16 * 1024))).stream();
  expectRefusal(await postAuth({ rawJson }), 413, "payload_too_large");
});

test.each([
  "/agent/tasks/%",
  "/agent/tasks/%ff",
  "/agent/tasks/%C3%28",
  "/agent/services?q=%",
  "/agent/services?%zz=1",
])("broken percent-encoding is refused with invalid_request: %s", async (path) => {
  expectRefusal(await get(path), 400, "invalid_request");
});

test("a page that throws is answered with internal_error, without the error's message", async () => {
  const answer = await get("/broken-page");
  expectRefusal(answer, 500, "internal_error");
  expect(answer.text).not.toContain("secret");
});
