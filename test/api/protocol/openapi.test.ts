import { describe, expect, it } from "vitest";
import { buildOpenApi } from "../../../src/api/openapi/document.ts";
import type { Operation } from "../../../src/api/operation/operations.ts";
import { listOperations } from "../../../src/api/operation/operations.ts";
import { appRouter } from "../../../src/api/router.ts";
import { exampleRouter } from "../../http/example-router.ts";

interface Described {
  operationId: string;
  tags: string[];
  security: object[];
  parameters?: { name: string; in: string; example?: unknown }[];
  requestBody?: { content: { "application/json": { schema: object; example?: unknown } } };
  responses: Record<
    string,
    {
      description: string;
      headers: object;
      content: { "application/json": { schema: object; example?: unknown } };
    }
  >;
}

const build = (surfaces?: ["sponsor"]) => {
  const operations = listOperations(exampleRouter);
  const document = buildOpenApi(operations, {
    router: exampleRouter,
    serverUrl: "/",
    ...(surfaces && { surfaces }),
  });
  const at = (path: string, method: string) =>
    (document.paths as Record<string, Record<string, Described>>)[path]?.[method] as Described;
  return { document, at };
};

describe("the OpenAPI document", () => {
  const { document, at } = build();

  it("the document is the same text every time", () => {
    expect(JSON.stringify(build().document)).toBe(JSON.stringify(document));
  });

  it("each operation says which credential it takes", () => {
    expect(at("/agent/hello", "get").security).toEqual([]);
    expect(at("/agent/auth", "post").security).toEqual([{ agentKey: [] }]);
    expect(at("/agent/session", "delete").security).toEqual([{ sessionToken: [] }]);
    expect(at("/sponsor/apis/{service_key}", "patch").security).toEqual([{ sponsorKey: [] }]);
    expect(at("/admin/users/{user_id}", "put").security).toEqual([{ adminKey: [] }]);
    expect(Object.keys(document.components?.securitySchemes ?? {})).toEqual([
      "agentKey",
      "sessionToken",
      "sponsorKey",
      "adminKey",
    ]);
  });

  it("operation ids are those of next actions", () => {
    expect(at("/agent/services/{service_key}/run", "post").operationId).toBe("agent_run_service");
  });

  it("each operation has the error envelope at the statuses that can happen, and only there", () => {
    const { responses } = at("/agent/tasks/{campaign_id}/complete", "post");
    expect(Object.keys(responses)).toEqual([
      "200",
      "400",
      "401",
      "403",
      "404",
      "413",
      "415",
      "429",
      "500",
      "503",
    ]);
    expect(responses["403"]?.description).toBe("`scope_violation`, `session_suspended`");
    for (const [status, response] of Object.entries(responses).slice(1)) {
      expect([status, response.content["application/json"].schema]).toEqual([
        status,
        { $ref: "#/components/schemas/ErrorEnvelope" },
      ]);
      expect(response.headers).toHaveProperty("X-Request-Id");
    }
    expect(responses["429"]?.headers).toHaveProperty("Retry-After");
    expect(Object.keys(at("/agent/hello", "get").responses)).toEqual(["200", "400", "500", "503"]);
    expect(document.components?.schemas).toHaveProperty("ErrorEnvelope");
    expect(
      Object.keys(document.components?.schemas ?? {}).filter((name) => name.startsWith("error.")),
    ).toEqual([]);
  });

  it("an operation has 202, the idempotency header and the replay header if its metadata says so", () => {
    const run = at("/agent/services/{service_key}/run", "post");
    expect(run.responses["202"]?.description).toBe("The payment is under way.");
    expect(run.responses["200"]?.headers).toHaveProperty("Idempotency-Replayed");
    expect(run.parameters?.map((parameter) => `${parameter.in} ${parameter.name}`)).toEqual([
      "path service_key",
      "header Idempotency-Key",
      "header X-Tollfree-Quiet",
      "header X-Tollfree-Detail",
    ]);
    expect(at("/agent/auth", "post").responses).not.toHaveProperty("202");
  });

  it("examples are shown as they are sent", () => {
    const operation = at("/agent/tasks/{campaign_id}/complete", "post");
    expect(operation.parameters?.[0]).toMatchObject({ name: "campaign_id", example: "c1" });
    expect(operation.requestBody?.content["application/json"].example).toEqual({
      task_data: { rating: 4 },
      active: true,
    });
    expect(operation.responses["200"]?.content["application/json"].example).toEqual({
      status: "success",
      data: { input: {} },
      next_actions: [],
    });
  });

  it("query fields have the descriptions of their schemas, optional ones too", () => {
    const operations = listOperations(appRouter);
    const { paths } = buildOpenApi(operations, { router: appRouter, serverUrl: "/" });
    const search = paths?.["/agent/services"]?.get?.parameters ?? [];
    expect(search).toContainEqual(expect.objectContaining({ name: "q", description: "Keywords" }));
  });

  it("the schema of a body refuses unknown fields", () => {
    expect(at("/agent/auth", "post").requestBody?.content["application/json"].schema).toMatchObject({
      additionalProperties: false,
    });
  });

  it("a document can be of one surface alone", () => {
    const { document: sponsors } = build(["sponsor"]);
    const paths = Object.keys(sponsors.paths ?? {});
    expect(paths).toContain("/sponsor/apis/{service_key}");
    expect(paths.every((path) => path.startsWith("/sponsor/"))).toBe(true);
    expect(sponsors.tags).toMatchObject([{ name: "sponsor" }]);
  });
});

describe.each([
  ["the example router", listOperations(exampleRouter)],
  ["the app's router", listOperations(appRouter)],
])("the examples of %s", (_router, operations) => {
  const withExamples = [...operations.values()].filter(({ meta }) => meta.example !== undefined);
  it.each(withExamples.map((operation): [string, Operation] => [operation.id, operation]))(
    "the example of %s is what its schemas accept",
    (_id, { input, output, meta, surface }) => {
      const { request, response } = meta.example ?? {};
      if (request !== undefined) expect(input.safeParse(request).error).toBeUndefined();
      if (response === undefined) return;
      const answer = surface === "gpt" ? response : { status: "success", data: response, next_actions: [] };
      const parsed = output.safeParse(answer);
      expect(parsed.error).toBeUndefined();
      expect(parsed.data).toEqual(answer); // the schema drops no field of it
    },
  );
});
