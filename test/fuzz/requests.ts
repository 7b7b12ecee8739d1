import fc from "fast-check";
import type { Operation } from "../../src/api/operation/operations.ts";
import type { JsonSchema, Pool } from "./arbitrary-json.ts";
import { oddValues, valuesOf } from "./arbitrary-json.ts";
import { documentedOperation, resolveRef } from "./openapi-document.ts";

/** Random requests to an operation: valid ones, and changes that break them. */

/** A request before it is sent. `undefined` parts are left out. */
export interface FuzzRequest {
  path: Record<string, string>;
  query: [string, string][];
  body: unknown;
  /** Sent in place of `body`. */
  raw: string | Uint8Array | undefined;
  headers: Record<string, string>;
  credential: "right" | "none" | "other" | "garbage";
}

/** Requests of which the operation's schemas accept most. `known` holds values for fields, by name. */
export function validRequests(operation: Operation, known: Pool): fc.Arbitrary<FuzzRequest> {
  const { parameters = [], requestBody } = documentedOperation(operation);
  const values = (name: string, schema: JsonSchema): fc.Arbitrary<unknown> =>
    (
      valuesOf(
        { type: "object", properties: { [name]: schema }, required: [name] },
        known,
        resolveRef,
      ) as fc.Arbitrary<Record<string, unknown>>
    ).map((object) => object[name]);
  const pathParts = parameters.filter((parameter) => parameter.in === "path");
  const queryParts = parameters.filter((parameter) => parameter.in === "query");
  const schema = requestBody?.content["application/json"]?.schema;
  return fc.record({
    path: fc.record(
      Object.fromEntries(
        pathParts.map((parameter) => [parameter.name, values(parameter.name, parameter.schema).map(String)]),
      ),
    ),
    query: fc
      .record(
        Object.fromEntries(
          queryParts.map((parameter) => [parameter.name, values(parameter.name, parameter.schema)]),
        ),
        {
          requiredKeys: queryParts.map(({ name }) => name).filter((name) => name === "session_token"),
        },
      )
      .map((fields) =>
        Object.entries(fields).flatMap(([name, value]) =>
          [value].flat().map((item): [string, string] => [name, textOf(item)]),
        ),
      ),
    body: schema === undefined ? fc.constant(undefined) : valuesOf(schema, known, resolveRef),
    raw: fc.constant(undefined),
    headers: fc.constant({}),
    credential: fc.constant("right" as const),
  });
}

const textOf = (value: unknown): string =>
  wellFormed(typeof value === "string" ? value : JSON.stringify(value));

/** The text without lone surrogates, which a URL can't hold. */
const wellFormed = (text: string): string => Buffer.from(text, "utf8").toString("utf8");

type Mutation = (request: FuzzRequest) => FuzzRequest;

/** Changes that break some part of a request, or none. */
export const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Mutation>((request) => request) },
  {
    weight: 5,
    arbitrary: fc.tuple(fc.nat(), oddValues).map(([at, odd]): Mutation => (request) => ({
      ...request,
      body: replaceSomewhere(request.body, at, odd),
    })),
  },
  {
    weight: 1,
    arbitrary: oddValues.map((odd): Mutation => (request) => ({ ...request, body: odd })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.string(), oddValues).map(([name, odd]): Mutation => (request) => ({
      ...request,
      body: typeof request.body === "object" ? { ...request.body, [name]: odd } : odd,
      query: [...request.query, [wellFormed(name), textOf(odd).slice(0, 500)]],
    })),
  },
  {
    weight: 2,
    arbitrary: fc
      .oneof(
        fc.string({ unit: "binary" }),
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom(
          "{",
          "[",
          '{"a":1}}',
          "\ufeff{}",
          "nul",
          "",
          '{"a":1,"a":2}',
          "[".repeat(5_000),
          "1e999",
        ),
      )
      .map((raw): Mutation => (request) => ({ ...request, raw })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        "text/plain",
        "application/xml",
        "application/json; charset=utf-16",
        "multipart/form-data",
        "",
        "a/b/c",
      )
      .map((type): Mutation => (request) => ({ ...request, headers: { "content-type": type } })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.nat(),
        fc.oneof(
          fc.string({ unit: "binary", minLength: 1 }),
          fc.constantFrom("%00", "%zz", "..%2f", "💥", "x".repeat(3_000)),
        ),
      )
      .map(([at, odd]): Mutation => (request) => {
        const names = Object.keys(request.path);
        const name = names[at % Math.max(1, names.length)];
        return name === undefined
          ? request
          : { ...request, path: { ...request.path, [name]: wellFormed(odd) } };
      }),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(), oddValues).map(([at, odd]): Mutation => ({ query, ...request }) => ({
      ...request,
      query: query.map(([name, value], index) => [
        name,
        index === at % query.length ? textOf(odd).slice(0, 3_000) : value,
      ]),
    })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<FuzzRequest["credential"]>("none", "other", "garbage")
      .map((credential): Mutation => (request) => ({ ...request, credential })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom("idempotency-key", "x-request-id", "accept", "user-agent", "x-forwarded-for"),
        fc.string({ maxLength: 300 }),
      )
      .map(([name, value]): Mutation => (request) => ({
        ...request,
        headers: { [name]: value.replace(/[^\x20-\x7e]/g, "?").trim() },
      })),
  },
);

/** The value with parameter of its parts, wherever, replaced or left out. */
function replaceSomewhere(value: unknown, at: number, odd: unknown): unknown {
  if (typeof value !== "object" || value === null) return odd;
  const entries = Object.entries(value);
  if (entries.length === 0) return odd;
  const index = at % entries.length;
  const what = Math.floor(at / entries.length);
  const replaced = entries.flatMap(([name, inner], n): [string, unknown][] => {
    if (n !== index) return [[name, inner]];
    if (what % 4 === 0) return [];
    return [[name, what % 4 === 1 ? replaceSomewhere(inner, Math.floor(what / 4), odd) : odd]];
  });
  return Array.isArray(value) ? replaced.map(([, inner]) => inner) : Object.fromEntries(replaced);
}
