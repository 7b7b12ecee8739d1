import { describe, expect, it } from "vitest";
import { summarizeRequest } from "../../../../src/core/observability/audit/index.ts";

const UUID = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

describe("a request's summary", () => {
  it("a summary has the shape of each field, and the values of a few parameters that hold no personal data", () => {
    expect(
      summarizeRequest({
        campaign_id: UUID,
        service_key: "daylight",
        category: "weather",
        limit: 10,
        q: "my illness",
        tags: ["a", "b"],
        flag: true,
        nothing: null,
        age: 44,
      }),
    ).toEqual({
      campaign_id: UUID,
      service_key: "daylight",
      category: "weather",
      limit: 10,
      q: { type: "string", length: 10 },
      tags: { type: "array", length: 2 },
      flag: { type: "boolean" },
      nothing: { type: "null" },
      age: { type: "number" },
    });
  });

  it.each([
    ["category", "ada@example.com"],
    ["category", "tf_as_0123456789"],
    ["category", "15551234567"],
    ["service_key", "Ada Lovelace"],
    ["campaign_id", "my-secret"],
    ["limit", "5551234"],
    ["constructor", "secret"],
  ])("a summary has no value of %s if it doesn't look like one: %s", (name, value) => {
    expect(summarizeRequest({ [name]: value })).toEqual({ [name]: { type: "string", length: value.length } });
  });

  it("a summary names the fields one level down, and none deeper", () => {
    expect(
      summarizeRequest({ task_data: { email: "ada@example.com", address: { street: "x", zip: "y" } } }),
    ).toEqual({
      task_data: {
        type: "object",
        fields: { email: { type: "string", length: 15 }, address: { type: "object", length: 2 } },
      },
    });
  });

  it("a summary only counts fields whose name may itself be secret or personal", () => {
    const input = JSON.parse(
      '{"ada@example.com":1,"tf_as_abc":1,"15551234567":1,"__proto__":1,"a\\u0000":1,"x":{"né":1,"ok":2}}',
    ) as unknown;
    expect(summarizeRequest({ ...(input as object), ["a".repeat(33)]: 1 })).toEqual({
      x: { type: "object", fields: { ok: { type: "number" } }, other_fields: 1 },
      other_fields: 6,
    });
  });

  it("a summary only counts fields whose name holds a number or a date", () => {
    const task_data = { born_1985_03_12: 1, phone351912345678: 1, line_2: "x" };
    expect(summarizeRequest({ task_data })).toEqual({
      task_data: { type: "object", fields: { line_2: { type: "string", length: 1 } }, other_fields: 2 },
    });
  });

  it("a summary stays small, however much is sent", () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field${i}`, "x".repeat(50)]));
    const summary = summarizeRequest({ ...many, task_data: many });
    expect(JSON.stringify(summary).length).toBeLessThan(5_000);
    expect(summary["other_fields"]).toBe(4_969);
  });

  it.each([
    [undefined, {}],
    [[1, 2], { body: { type: "array", length: 2 } }],
    ["text", { body: { type: "string", length: 4 } }],
    [null, { body: { type: "null" } }],
  ])("a summary of a body that is no object (%j) has its type", (input, expected) => {
    expect(summarizeRequest(input)).toEqual(expected);
  });
});
