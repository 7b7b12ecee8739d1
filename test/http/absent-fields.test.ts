import { describe, expect, test } from "vitest";
import { fieldsOf } from "../../src/api/operation/unwrap-zod.ts";
import { omitAbsentFields } from "../../src/http/request/absent-fields.ts";
import { OPERATIONS, TRANSPORTS } from "../support/call.ts";
import type { Answer } from "./example-api.ts";
import { AGENT_KEY, expectRefusal, SESSION, useExampleApi } from "./example-api.ts";

const api = useExampleApi();

type Send = (fields: object) => Promise<Answer>;

const COMPLETE: Record<(typeof TRANSPORTS)[number], Send> = {
  rest: (body) => api.request("POST", "/agent/tasks/c1/complete", { token: SESSION, body }),
  trpc: async (fields) => {
    const body = { campaign_id: "c1", ...fields };
    const answer = await api.request("POST", "/trpc/agent.completeTask", { token: SESSION, body });
    return { ...answer, body: unwrap(answer.body) };
  },
};

/** The envelope out of tRPC's own wrapper. */
function unwrap(body: unknown): Answer["body"] {
  const { result, error } = body as { result?: { data: Answer["body"] }; error?: { data: Answer["body"] } };
  return (result ?? error)?.data as Answer["body"];
}

const search = (query: string): Promise<Answer> =>
  api.request("GET", `/agent/services?${query}`, { token: SESSION });
const searchOverTrpc = async (input: object): Promise<Answer> => {
  const query = `input=${encodeURIComponent(JSON.stringify(input))}`;
  const answer = await api.request("GET", `/trpc/agent.searchServices?${query}`, { token: SESSION });
  return { ...answer, body: unwrap(answer.body) };
};

describe.each(TRANSPORTS)("null over %s", (transport) => {
  test("an optional field that is null is absent", async () => {
    const sent = { task_data: {}, active: true, contact: null, scopes: null, note: null };
    const answer = await COMPLETE[transport](sent);
    expect(answer.status).toBe(200);
    expect(answer.body.data.input).toEqual({ campaign_id: "c1", task_data: {}, active: true });
  });

  test("null stays inside a field that holds any JSON", async () => {
    const task_data = { a: null, b: [null, { c: null }], d: "" };
    const answer = await COMPLETE[transport]({ task_data, active: true });
    expect(answer.body.data.input).toMatchObject({ task_data });
  });

  test("null for a required or unknown field is refused at the field", async () => {
    for (const [sent, path] of [
      [{ task_data: null, active: true }, "/task_data"],
      [{ task_data: {}, active: null }, "/active"],
      [{ task_data: {}, active: true, nope: null }, "/nope"],
      [{ task_data: {}, active: true, contact: { email: null } }, "/contact/email"],
      [{ task_data: {}, active: true, scopes: [null] }, "/scopes/0"],
    ] as const) {
      const answer = await COMPLETE[transport](sent);
      expect([answer.status, answer.body.error_code]).toEqual([400, "validation_error"]);
      expect(answer.body.field_errors?.map((error) => error.path)).toEqual([path]);
    }
  });
});

test("an input that is null itself is refused", async () => {
  const answer = await api.request("POST", "/agent/auth", { token: AGENT_KEY, rawJson: "null" });
  expectRefusal(answer, 400, "validation_error");
});

describe("blank query fields", () => {
  test.each([
    ["limit=", {}],
    ["limit=&q=+&active=&sort=&max_budget_cents=", {}],
    ["preferred_task_types=&sizes=", {}],
    ["preferred_task_types=survey&preferred_task_types=", { preferred_task_types: ["survey"] }],
    ["sizes=1&sizes=&sizes=2", { sizes: [1, 2] }],
    ["q=a&limit=", { q: "a" }],
  ])("the query %s means the fields that aren't blank", async (query, input) => {
    expect((await search(query)).body.data.input).toEqual(input);
  });

  test("a blank optional field of a query is absent over tRPC too, and null is", async () => {
    const answer = await searchOverTrpc({
      q: "",
      limit: null,
      sort: "",
      preferred_task_types: null,
      sizes: [],
    });
    expect(answer.body.data.input).toEqual({ sizes: [] });
  });

  test("a blank field of a body stays as it is", async () => {
    const answer = await COMPLETE.rest({ task_data: {}, active: true, note: "" });
    expect(answer.body.data.input).toMatchObject({ note: "" });
    const refused = await COMPLETE.rest({ task_data: {}, active: "" });
    expect([refused.status, refused.body.field_errors?.[0]?.path]).toEqual([400, "/active"]);
  });
});

describe("lists in a query", () => {
  test.each([
    "sizes=1&sizes=2",
    "sizes[]=1&sizes[]=2",
    "sizes%5B%5D=1&sizes%5B%5D=2",
    "sizes=1&sizes[]=2",
    "sizes[]=1&sizes=2",
  ])("the query %s is one list", async (query) => {
    expect((await search(query)).body.data.input).toEqual({ sizes: [1, 2] });
  });

  test("a wrong item is refused at its place in the list", async () => {
    const answer = await search("sizes[]=1&sizes[]=x");
    expect(answer.body.field_errors).toMatchObject([{ path: "/sizes/1", keyword: "type" }]);
  });
});

test("in every operation, an optional field that is null is absent, unless its schema allows null", () => {
  let absent = 0;
  for (const operation of OPERATIONS) {
    for (const [name, field] of Object.entries(fieldsOf(operation.input))) {
      const result = omitAbsentFields(operation, { [name]: null });
      const stays = !field.safeParse(undefined).success || field.safeParse(null).success;
      expect(result, `${operation.name} ${name}`).toEqual(stays ? { [name]: null } : {});
      if (!stays) absent += 1;
    }
  }
  expect(absent).toBeGreaterThan(50);
});
