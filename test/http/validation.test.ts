import { describe, expect, test } from "vitest";
import type { Answer } from "./example-api.ts";
import { SESSION, useExampleApi } from "./example-api.ts";

const api = useExampleApi();

const VALID = { task_data: {}, active: true };

const sendOverRest = (rawJson: string): Promise<Answer> =>
  api.request("POST", "/agent/tasks/c1/complete", { token: SESSION, rawJson });

/** The same call over tRPC. The envelope of an error is taken out of `error.data`. */
async function sendOverTrpc(rawJson: string): Promise<Answer> {
  const answer = await api.request("POST", "/trpc/agent.completeTask", { token: SESSION, rawJson });
  const { error } = answer.body as unknown as { error?: { data: Answer["body"] } };
  return error === undefined ? answer : { ...answer, body: error.data };
}

const fieldErrorsOf = ({ body }: Answer): unknown =>
  body.field_errors?.map(({ path, keyword }) => `${path} ${keyword}`);

describe.each([
  ["REST", (body: object) => sendOverRest(JSON.stringify(body))],
  ["tRPC", (body: object) => sendOverTrpc(JSON.stringify({ campaign_id: "c1", ...body }))],
])("schema errors over %s", (transport, call) => {
  test.each([
    ["a missing field", { active: true }, ["/task_data required"]],
    [
      "a missing and two unknown fields",
      { task_data: {}, actve: true, x: 1 },
      ["/active required", "/actve additionalProperties", "/x additionalProperties"],
    ],
    ["a field of another type", { ...VALID, active: "true" }, ["/active type"]],
    ["null for a boolean", { ...VALID, active: null }, ["/active type"]],
    ["a list for an object", { ...VALID, task_data: [] }, ["/task_data type"]],
    ["a text that is too long", { ...VALID, note: "123456" }, ["/note maxLength"]],
    ["a wrong field of a union member", { ...VALID, contact: { email: "nope" } }, ["/contact/email format"]],
    [
      "an unknown field of a union member",
      { ...VALID, contact: { phone: "1", x: 1 } },
      ["/contact/x additionalProperties"],
    ],
    ["a value of no union member's type", { ...VALID, contact: 5 }, ["/contact type"]],
    ["a wrong item of a list", { ...VALID, scopes: ["ok", "NO"] }, ["/scopes/1 pattern"]],
  ])(`over ${transport}, %s is refused with the path of each wrong field`, async (_what, body, expected) => {
    const answer = await call(body);
    expect([answer.status, answer.body.error_code]).toEqual([400, "validation_error"]);
    expect(fieldErrorsOf(answer)).toEqual(expected);
  });

  test(`over ${transport}, a validation error repeats nothing of the input`, async () => {
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

  test(`over ${transport}, a validation error names at most 100 fields`, async () => {
    const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field_${i}`, 1]));
    expect((await call({ ...VALID, ...unknown })).body.field_errors).toHaveLength(100);
  });
});

/** JSON of objects nested `depth` levels deep. */
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
const withTaskData = (json: string): string => `{"campaign_id":"c1","active":true,"task_data":${json}}`;

describe.each([
  ["REST", (json: string) => sendOverRest(withTaskData(json).replace('"campaign_id":"c1",', ""))],
  ["tRPC", (json: string) => sendOverTrpc(withTaskData(json))],
])("unsafe JSON over %s", (transport, call) => {
  test.each([
    ["a NUL character", '{"a":["x","b\\u0000"]}', "/task_data/a/1 pattern"],
    ["a lone high surrogate", '{"a":"\\ud800"}', "/task_data/a pattern"],
    ["a lone low surrogate", '{"a":"x\\udc00y"}', "/task_data/a pattern"],
    ["a field named __proto__", '{"a":{"__proto__":{"admin":true}}}', "/task_data/a/__proto__ propertyNames"],
    ["a NUL character in a name", '{"a\\u0000":1}', "/task_data/a\u0000 propertyNames"],
  ])(`over ${transport}, %s is refused`, async (_what, json, expected) => {
    const answer = await call(json);
    expect([answer.status, answer.body.error_code]).toEqual([400, "validation_error"]);
    expect(fieldErrorsOf(answer)).toEqual([expected]);
  });

  test(`over ${transport}, surrogate pairs and a field named constructor are accepted`, async () => {
    expect((await call('{"😀":"😀","constructor":{"prototype":1},"toString":2}')).status).toBe(200);
  });

  test(`over ${transport}, 64 levels of nesting are accepted, and 65 or 40,000 are refused`, async () => {
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

test.each([
  ["in many places", 60],
  ["deep inside", 1_500],
])("numbers that lose digits %s have a short answer, also without a credential", async (_where, depth) => {
  const numbers = "1e400,".repeat(40_000);
  const rawJson = `{"task_data":${"[".repeat(depth)}${numbers}1${"]".repeat(depth)}}`;
  for (const token of [undefined, SESSION]) {
    const { status, body } = await api.request("POST", "/agent/tasks/c1/complete", {
      ...(token !== undefined && { token }),
      rawJson,
    });
    expect([400, 401]).toContain(status);
    expect(JSON.stringify(body).length).toBeLessThan(30_000);
  }
});
