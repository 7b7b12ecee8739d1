import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { checkSchema } from "../../../src/core/personal-data/data-schema/check/check-schema.ts";
import { DESCRIPTION_TASKS } from "../../../src/core/sponsorship/api-description/index.ts";

const { listOperations, readOperation, toInputSchema } = DESCRIPTION_TASKS;

const DOCUMENT = {
  openapi: "3.0.3",
  info: { title: "Places", version: "1" },
  servers: [{ url: "https://{region}.places.example/v1/", variables: { region: { default: "eu" } } }],
  paths: {
    "/places/{id}": {
      parameters: [{ $ref: "#/components/parameters/Id" }],
      get: {
        operationId: "getPlace",
        summary: "Get a place",
        description: "A place with its weather.",
        parameters: [
          { name: "lang", in: "query", schema: { type: "string", enum: ["en", "ja"], default: "en" } },
          { name: "X-Api-Key", in: "header", required: true, schema: { type: "string" } },
        ],
      },
    },
    "/places": {
      post: {
        operationId: "findPlaces",
        requestBody: {
          content: {
            "application/json": { schema: { $ref: "#/components/schemas/Search" }, example: { text: "sea" } },
          },
        },
      },
      delete: { summary: "Delete everything" },
    },
  },
  components: {
    parameters: {
      Id: { name: "id", in: "path", required: true, schema: { type: "string" }, example: "lis" },
    },
    schemas: {
      Search: {
        allOf: [
          { $ref: "#/components/schemas/Paged" },
          {
            type: "object",
            required: ["text"],
            properties: {
              text: { type: "string", minLength: 1, xml: { name: "t" } },
              email: { type: "string", nullable: true },
              near: { $ref: "#/components/schemas/Point" },
              secret: { type: "string", readOnly: true },
            },
          },
        ],
      },
      Paged: {
        type: "object",
        properties: { most: { type: "integer", minimum: 0, exclusiveMinimum: true } },
      },
      Point: {
        type: "object",
        properties: { lat: { type: "number" }, lon: { type: "number" } },
        required: ["lat"],
      },
    },
  },
};

const read = <Result>(result: { read: Result } | { problem: string }): Result => {
  if ("problem" in result) throw new Error(result.problem);
  return result.read;
};
const problemOf = (result: { read: unknown } | { problem: string }): string =>
  "problem" in result ? result.problem : `no problem: ${JSON.stringify(result.read)}`;

describe.each([
  ["JSON", JSON.stringify(DOCUMENT)],
  ["YAML", stringify(DOCUMENT)],
])("an OpenAPI document as %s", (_name, document) => {
  test("lists its operations, and says which can't be registered", () => {
    expect(read(listOperations(document))).toEqual([
      { method: "GET", path: "/places/{id}", name: "Get a place", problem: null },
      { method: "POST", path: "/places", name: "findPlaces", problem: null },
      {
        ...{ method: "DELETE", path: "/places", name: "Delete everything" },
        problem: "Only GET and POST can be registered.",
      },
    ]);
  });

  test("gives an operation of a path and a query, with the headers that it needs", () => {
    expect(read(readOperation(document, { method: "GET", path: "/places/{id}" }))).toEqual({
      upstream_url: "https://eu.places.example/v1/places/{id}",
      upstream_method: "GET",
      service_key: "get-place",
      name: "Get a place",
      description: "A place with its weather.",
      input_schema: {
        type: "object",
        properties: { id: { type: "string" }, lang: { enum: ["en", "ja"], default: "en" } },
        required: ["id"],
        additionalProperties: false,
      },
      sample_input: { id: "lis", lang: "en" },
      required_headers: ["X-Api-Key"],
    });
  });

  test("gives a body of joined and referenced schemas, closed and marked, which can be registered", () => {
    const operation = read(readOperation(document, { method: "POST", path: "/places" }));
    expect(operation.input_schema).toEqual({
      type: "object",
      properties: {
        most: { type: "integer", exclusiveMinimum: 0 },
        text: { type: "string", minLength: 1 },
        email: { type: ["string", "null"], "x-data-type": "email" },
        near: {
          type: "object",
          properties: { lat: { type: "number" }, lon: { type: "number" } },
          required: ["lat"],
          additionalProperties: false,
        },
      },
      required: ["text"],
      additionalProperties: false,
    });
    expect(operation.sample_input).toEqual({ text: "sea" });
    expect(checkSchema(operation.input_schema, [])).toEqual([]);
  });
});

test.each([
  ["is repeated in it", "https://{a}".padEnd(1_800, "{a}"), "x".repeat(150_000)],
  ["has thousands of slashes", "https://{a}", `${"/".repeat(150_000)}x`],
])("an address whose variable %s is none", (_name, url, value) => {
  const servers = [{ url, variables: { a: { default: value } } }];
  const operation = readOperation(JSON.stringify({ ...DOCUMENT, servers }), {
    method: "POST",
    path: "/places",
  });
  expect(read(operation).upstream_url).toBeNull();
});

test("YAML with tens of thousands of names is read without comparing each with all others", () => {
  const names = Array.from({ length: 40_000 }, (_, i) => i.toString(36)).join(",");
  const started = performance.now();
  expect(problemOf(listOperations(`openapi: 3.0.0\npaths: {${names}}`))).toMatch(/no operations/);
  // Comparing them takes 14 seconds where reading them takes 0.6.
  expect(performance.now() - started).toBeLessThan(5_000);
});

describe("a document is refused", () => {
  const withSchemas = (schemas: Record<string, unknown>) => ({
    ...DOCUMENT,
    components: { ...DOCUMENT.components, schemas },
  });
  const post = (document: unknown): string =>
    problemOf(readOperation(JSON.stringify(document), { method: "POST", path: "/places" }));

  test("whose references lead in a circle, directly or through an allOf", () => {
    const circle = { type: "object", properties: { child: { $ref: "#/components/schemas/Search" } } };
    expect(post(withSchemas({ Search: circle }))).toMatch(/leads in a circle/);
    expect(post(withSchemas({ Search: { $ref: "#/components/schemas/Search" } }))).toMatch(
      /leads in a circle/,
    );
    expect(post(withSchemas({ Search: { allOf: [{ $ref: "#/components/schemas/Search" }] } }))).toMatch(
      /leads in a circle/,
    );
  });

  test("whose references lead out of it, or name nothing", () => {
    expect(post(withSchemas({ Search: { $ref: "https://evil.example/schema.json" } }))).toMatch(/leads out/);
    expect(post(withSchemas({ Search: { $ref: "#/components/schemas/Nothing" } }))).toMatch(/names nothing/);
    expect(post(withSchemas({ Search: { $ref: "#/constructor" } }))).toMatch(/names nothing/);
  });

  test("whose schemas multiply by their references", () => {
    const level = (n: number) => ({
      type: "object",
      properties: Object.fromEntries(
        Array.from({ length: 10 }, (_, i) => [
          `f${i}`,
          n === 0 ? { type: "string" } : { $ref: `#/components/schemas/L${n - 1}` },
        ]),
      ),
    });
    const levels = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`L${n}`, level(n)]));
    expect(post(withSchemas({ ...levels, Search: { $ref: "#/components/schemas/L8" } }))).toMatch(
      /more than/,
    );
  });

  test("whose schemas are nested too deep", () => {
    let deep: unknown = { type: "string" };
    for (let depth = 0; depth < 40; depth += 1) deep = { type: "object", properties: { a: deep } };
    expect(post(withSchemas({ Search: deep }))).toMatch(/nested/);
  });

  const LONG = "x".repeat(150_000);
  const manyFields = (part: object) => ({
    type: "object",
    properties: Object.fromEntries(Array.from({ length: 190 }, (_, i) => [`f${i}`, part])),
  });
  const toLong = { $ref: "#/components/schemas/Long" };

  test.each([
    ["default", { default: LONG }],
    ["const", { const: LONG }],
    ["pattern", { type: "string", pattern: LONG }],
    ["choice of values", { enum: [LONG] }],
  ])("whose fields all name one long %s", (_name, long) => {
    const schemas = { Long: long, Search: manyFields(toLong) };
    expect(post(withSchemas(schemas))).toMatch(/says too much/);
    expect(problemOf(toInputSchema({ components: { schemas }, ...manyFields(toLong) }))).toMatch(
      /says too much/,
    );
  });

  test("whose example is repeated by aliases", () => {
    const example = `      example: {a: [${Array(99).fill("*long").join(", ")}]}`;
    const body = [
      "   requestBody:",
      "    content:",
      "     application/json:",
      "      schema: {properties: {}}",
    ];
    const lines = ["openapi: 3.0.0", `x: &long ${LONG}`, "paths:", " /places:", "  post:", ...body, example];
    const place = { method: "POST", path: "/places" };
    expect(problemOf(readOperation(lines.join("\n"), place))).toMatch(/says too much/);
  });

  test.each([
    ["required fields", { required: Array(10_000).fill("text") as unknown }],
    ["properties", { properties: Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`f${i}`, 0])) }],
  ])("whose parts all join one long list of %s", (_name, long) => {
    const allOf = [...(Array(900).fill(toLong) as unknown[]), { properties: { text: {} } }];
    expect(post(withSchemas({ Long: long, Search: { allOf } }))).toMatch(/lists more than/);
  });

  test("whose fields all choose from one long list of values, which has to be copied", () => {
    const long = { nullable: true, enum: Array(20_000).fill(1) as unknown };
    expect(post(withSchemas({ Long: long, Search: manyFields(toLong) }))).toMatch(/lists more than/);
  });

  test("whose YAML aliases multiply", () => {
    const lines = Array.from(
      { length: 9 },
      (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(",")}]`,
    );
    const bomb = `openapi: 3.0.0\na0: &a0 [lol]\n${lines.join("\n")}\npaths: {}`;
    expect(problemOf(listOperations(bomb))).toMatch(/aliases multiply/);
  });

  test.each([
    ["nothing of it is OpenAPI", "hello: 1", /no OpenAPI document of version/],
    ["an older version", '{"swagger":"2.0"}', /no OpenAPI document of version/],
    ["broken JSON", "{", /no valid JSON/],
    ["broken YAML", "a: [1", /no valid YAML/],
    ["a list", "- 1", /no JSON or YAML object/],
    ["without paths", '{"openapi":"3.1.0"}', /no paths/],
  ])("%s", (_name, document, problem) => {
    expect(problemOf(listOperations(document))).toMatch(problem);
  });

  test("of whose operations the body isn't JSON, or has a required query beside it", () => {
    const operation = (changes: unknown) => ({ ...DOCUMENT, paths: { "/places": { post: changes } } });
    const form = { requestBody: { content: { "multipart/form-data": {} } } };
    expect(post(operation(form))).toMatch(/isn't JSON/);
    const both = {
      ...DOCUMENT.paths["/places"].post,
      parameters: [{ name: "q", in: "query", required: true }],
    };
    expect(post(operation(both))).toMatch(/Only one of them/);
  });
});

test("names of properties that mean something to JavaScript stay names", () => {
  const schema = JSON.parse(
    '{"type":"object","properties":{"__proto__":{"type":"integer"},"constructor":{"type":"string"}}}',
  ) as unknown;
  const properties = read(toInputSchema(schema))["properties"] as object;
  expect(Object.keys(properties)).toEqual(["__proto__", "constructor"]);
  expect(({} as Record<string, unknown>)["type"]).toBeUndefined();
});
