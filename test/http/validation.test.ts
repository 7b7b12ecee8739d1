import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Answer, ExampleApi } from "./example-api.ts";
import { request, SESSION, startExampleApi } from "./example-api.ts";

let api: ExampleApi;
beforeAll(async () => {
  api = await startExampleApi();
});
afterAll(() => api.close(1_000));

const VALID = { task_data: {}, active: true };

const overRest = (body: unknown, raw = JSON.stringify(body)): Promise<Answer> =>
  request(api, "POST", "/agent/tasks/c1/complete", {
    token: SESSION,
    raw,
    headers: { "content-type": "application/json" },
  });

/** The same call on tRPC, its envelope taken out of `error.data`. */
async function overTrpc(body: object, raw = JSON.stringify({ campaign_id: "c1", ...body })): Promise<Answer> {
  const answer = await request(api, "POST", "/trpc/agent.completeTask", {
    token: SESSION,
    raw,
    headers: { "content-type": "application/json" },
  });
  const { error } = answer.body as unknown as { error?: { data: Answer["body"] } };
  return error === undefined ? answer : { ...answer, body: error.data };
}

const found = ({ body }: Answer): unknown =>
  body.field_errors?.map(({ path, keyword }) => `${path} ${keyword}`);

describe.each([
  ["REST", overRest],
  ["tRPC", overTrpc],
])("input over %s is refused at the field itself", (_transport, call) => {
  it.each([
    ["missing", { active: true }, ["/task_data required"]],
    [
      "missing and unknown",
      { task_data: {}, actve: true, x: 1 },
      ["/active required", "/actve additionalProperties", "/x additionalProperties"],
    ],
    ["another type", { ...VALID, active: "true" }, ["/active type"]],
    ["null", { ...VALID, active: null }, ["/active type"]],
    ["a list for an object", { ...VALID, task_data: [] }, ["/task_data type"]],
    ["too long", { ...VALID, note: "123456" }, ["/note maxLength"]],
    ["a union member's field", { ...VALID, contact: { email: "nope" } }, ["/contact/email format"]],
    [
      "a union member's unknown field",
      { ...VALID, contact: { phone: "1", x: 1 } },
      ["/contact/x additionalProperties"],
    ],
    ["no union member's kind", { ...VALID, contact: 5 }, ["/contact type"]],
    ["an item", { ...VALID, scopes: ["ok", "NO"] }, ["/scopes/1 pattern"]],
  ])("%s", async (_what, body, expected) => {
    const answer = await call(body);
    expect([answer.status, answer.body.error_code]).toEqual([400, "validation_error"]);
    expect(found(answer)).toEqual(expected);
  });

  it("echoes nothing that was submitted", async () => {
    const secret = "hunter2-tf_as_secret";
    const answer = await call({
      task_data: secret,
      active: secret,
      note: secret,
      contact: { email: secret },
      scopes: [secret],
    });
    expect(answer.body.field_errors).toHaveLength(5);
    expect(answer.text).not.toContain("hunter2");
  });

  it("names at most a hundred fields", async () => {
    const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field_${i}`, 1]));
    expect((await call({ ...VALID, ...unknown })).body.field_errors).toHaveLength(100);
  });
});

/** Nested `depth` levels below the field that holds it. */
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
const withTaskData = (json: string): string => `{"campaign_id":"c1","active":true,"task_data":${json}}`;

describe.each([
  ["REST", (json: string) => overRest(undefined, withTaskData(json).replace('"campaign_id":"c1",', ""))],
  ["tRPC", (json: string) => overTrpc({}, withTaskData(json))],
])("hygiene over %s", (_transport, call) => {
  it.each([
    ["a NUL character", '{"a":["x","b\\u0000"]}', "/task_data/a/1 pattern"],
    ["a lone high surrogate", '{"a":"\\ud800"}', "/task_data/a pattern"],
    ["a lone low surrogate", '{"a":"x\\udc00y"}', "/task_data/a pattern"],
    ["a field named __proto__", '{"a":{"__proto__":{"admin":true}}}', "/task_data/a/__proto__ propertyNames"],
    ["a NUL character in a name", '{"a\\u0000":1}', "/task_data/a\u0000 propertyNames"],
  ])("refuses %s", async (_what, json, expected) => {
    const answer = await call(json);
    expect([answer.status, answer.body.error_code]).toEqual([400, "validation_error"]);
    expect(found(answer)).toEqual([expected]);
  });

  it("takes whole surrogate pairs and names that merely look dangerous", async () => {
    expect((await call('{"😀":"😀","constructor":{"prototype":1},"toString":2}')).status).toBe(200);
  });

  it("takes 64 levels of nesting and refuses more, even tens of thousands", async () => {
    expect((await call(nested(64))).status).toBe(200);
    for (const depth of [65, 40_000]) {
      const answer = await call(nested(depth));
      expect([answer.status, answer.body.error_code]).toEqual([400, "validation_error"]);
      expect(answer.body.field_errors).toMatchObject([
        { path: `/task_data${"/a".repeat(64)}`, keyword: "maxDepth" },
      ]);
    }
  });
});
