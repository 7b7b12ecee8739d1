import { describe, expect, it } from "vitest";
import { z } from "zod";
import { listOperations } from "../../../src/api/operation/operations.ts";
import { publicProcedure, router, sessionProcedure } from "../../../src/api/procedure/trpc.ts";
import { success } from "../../../src/api/response/envelope.ts";
import { createActionRenderer } from "../../../src/api/response/render-next-actions.ts";
import { next } from "../../../src/core/protocol/next-actions.ts";
import { createRouteTable } from "../../../src/http/request/route-table.ts";
import { createRestTransport } from "../../../src/http/transport/rest.ts";
import { exampleRouter } from "../../http/example-router.ts";

const Output = success(z.object({}));
const route = (path: `/${string}`, method: "GET" | "POST" = "GET") => ({
  openapi: { method, path, summary: "x" },
});
const query = (path: `/${string}`, input: z.ZodType = z.strictObject({})) =>
  publicProcedure
    .meta(route(path))
    .input(input)
    .output(Output)
    .query(() => ({}) as never);

describe("the table of operations", () => {
  it("operations get their names, routes and credentials from the procedures alone", () => {
    const operations = listOperations(exampleRouter);
    expect(operations.get("agent_run_service")).toMatchObject({
      name: "agent.runService",
      surface: "agent",
      auth: "session",
      method: "POST",
      path: "/agent/services/{service_key}/run",
      pathParams: ["service_key"],
    });
    expect([...operations.values()].map(({ id, auth }) => `${id} ${auth}`)).toEqual(
      expect.arrayContaining([
        "agent_hello none",
        "agent_auth api_key",
        "sponsor_set_active sponsor",
        "admin_put_user admin",
      ]),
    );
  });

  const broken: [string, Parameters<typeof router>[0]][] = [
    ["stands under no surface", { other: router({ a: query("/agent/a") }) }],
    [
      "has no route",
      {
        agent: router({
          a: publicProcedure
            .input(z.strictObject({}))
            .output(Output)
            .query(() => ({}) as never),
        }),
      },
    ],
    ["isn't under /agent/", { agent: router({ a: query("/sponsor/a") }) }],
    ["must be a z.strictObject", { agent: router({ a: query("/agent/a", z.object({})) }) }],
    [
      "must be a z.strictObject",
      {
        agent: router({
          a: publicProcedure
            .meta(route("/agent/a"))
            .output(Output)
            .query(() => ({}) as never),
        }),
      },
    ],
    [
      "field n coerces",
      { agent: router({ a: query("/agent/a", z.strictObject({ n: z.coerce.number() })) }) },
    ],
    ["path parameter id isn't", { agent: router({ a: query("/agent/{id}") }) }],
    [
      "path parameter id isn't",
      { agent: router({ a: query("/agent/{id}", z.strictObject({ id: z.string().optional() })) }) },
    ],
    [
      "has no output schema",
      {
        agent: router({
          a: publicProcedure
            .meta(route("/agent/a"))
            .input(z.strictObject({}))
            .query(() => ({})),
        }),
      },
    ],
    [
      "GET doesn't fit a mutation",
      {
        agent: router({
          a: publicProcedure
            .meta(route("/agent/a"))
            .input(z.strictObject({}))
            .output(Output)
            .mutation(() => ({}) as never),
        }),
      },
    ],
    [
      "POST doesn't fit a query",
      {
        agent: router({
          a: publicProcedure
            .meta(route("/agent/a", "POST"))
            .input(z.strictObject({}))
            .output(Output)
            .query(() => ({}) as never),
        }),
      },
    ],
    [
      "has several .input()",
      {
        agent: router({
          a: publicProcedure
            .meta(route("/agent/a"))
            .input(z.strictObject({}))
            .input(z.strictObject({ b: z.string() }))
            .output(Output)
            .query(() => ({}) as never),
        }),
      },
    ],
  ];
  it.each(broken)("a procedure that %s stops the start, by name", (message, routes) => {
    expect(() => listOperations(router(routes))).toThrow(message);
    expect(() => listOperations(router(routes))).toThrow(/procedure (agent|other)\.a/);
  });

  it("the input of an operation may be optional or have a default", () => {
    const operations = listOperations(
      router({
        agent: router({
          a: query("/agent/a", z.strictObject({}).optional()),
          b: query("/agent/b", z.strictObject({ n: z.number().optional() }).prefault({})),
        }),
      }),
    );
    expect(operations.get("agent_b")?.input.def.type).toBe("object");
  });
});

describe("the table of routes", () => {
  const table = (paths: `/${string}`[]) =>
    createRouteTable(
      listOperations(
        router({
          agent: router(Object.fromEntries(paths.map((path, i) => [`p${i}`, query(path, params(path))]))),
        }),
      ),
    );
  const params = (path: string) =>
    z.strictObject(
      Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [String(name), z.string()])),
    );
  const foundAt = (found: ReturnType<ReturnType<typeof table>["find"]>): unknown =>
    found && ("operation" in found ? found.operation.path : found.methods);

  it("two routes for the same path stop the start", () => {
    expect(() => table(["/agent/a", "/agent/a"])).toThrow("both answer GET /agent/a");
    expect(() => table(["/agent/{a}", "/agent/{b}"])).toThrow("both answer GET /agent/{}");
  });

  it("a route with literal segments wins over one with parameters, from the left, in any order of definition", () => {
    for (const paths of [
      ["/agent/{x}/b", "/agent/a/{y}", "/agent/a/b", "/agent/{x}/{y}"],
      ["/agent/{x}/{y}", "/agent/a/b", "/agent/a/{y}", "/agent/{x}/b"],
    ] as `/${string}`[][]) {
      const { find } = table(paths);
      expect(["a/b", "a/c", "c/b", "c/d"].map((path) => foundAt(find("GET", `/agent/${path}`)))).toEqual([
        "/agent/a/b",
        "/agent/a/{y}",
        "/agent/{x}/b",
        "/agent/{x}/{y}",
      ]);
      expect(foundAt(find("POST", "/agent/a/b"))).toEqual(["GET"]);
      expect(find("GET", "/agent/a/b/c")).toBeUndefined();
    }
  });

  it("dots and other signs in a route are taken literally", () => {
    const { find } = table(["/agent/{a}/v1.0"]);
    expect(foundAt(find("GET", "/agent/x/v1.0"))).toBe("/agent/{a}/v1.0");
    expect(find("GET", "/agent/x/v1x0")).toBeUndefined();
  });

  it("a route whose URL can't carry a field's type stops the start", () => {
    const operations = listOperations(
      router({ agent: router({ a: query("/agent/a", z.strictObject({ o: z.object({}) })) }) }),
    );
    expect(() => createRestTransport(operations)).toThrow("field o: a URL can't carry type object");
  });
});

describe("next actions", () => {
  const render = createActionRenderer(listOperations(exampleRouter));

  it("next actions name operations of the agent surface, on every surface but GPT", () => {
    for (const surface of ["agent", "sponsor", "admin", "user"] as const) {
      expect(render(surface, [next.getPayment("p/1"), next.auth()])).toMatchObject([
        {
          action: "get_payment",
          method: "GET",
          endpoint: "/agent/payments/p%2F1",
          operation_id: "agent_get_payment",
          auth: "session",
          params: {},
        },
        {
          action: "auth",
          method: "POST",
          endpoint: "/agent/auth",
          auth: "api_key",
          params_schema: { required: ["scopes", "budget_limit_cents"] },
        },
      ]);
    }
  });

  it("next actions without an operation on the GPT surface are left out there", () => {
    expect(render("gpt", [next.getPayment("p")])).toEqual([]);
  });

  it("next actions without an operation stop the start", () => {
    const procedure = sessionProcedure
      .meta(route("/agent/auth"))
      .input(z.strictObject({}))
      .output(Output)
      .query(() => ({}) as never);
    const operations = listOperations(router({ agent: router({ auth: procedure }) }));
    expect(() => createActionRenderer(operations)).toThrow(
      "next actions without an operation: get_approval, search_services",
    );
  });
});
