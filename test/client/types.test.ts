import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type {
  Agent,
  AppRouter,
  ErrorCode,
  ErrorDetails,
  Payment,
  RunResult,
  TaskRequest,
  TollfreeErrorCode,
} from "../../src/client/index.ts";
import { connect, TollfreeError } from "../../src/client/index.ts";
import type { OpenApproval } from "../../src/core/protocol/error-details.ts";
import type { DetailsOf, ErrorCode as CatalogueCode } from "../../src/core/protocol/errors.ts";

// The compiler checks these types. At run time the tests do nothing.

/** Gives a value the type of a caught error that was checked with `instanceof`. */
const asCaught = (error: unknown): TollfreeError => {
  if (error instanceof TollfreeError) return error;
  throw error;
};
const caughtError = asCaught(new TollfreeError("network_error", { message: "", details: undefined }));

describe("errors", () => {
  test("the client's error codes and details are the server's", () => {
    expectTypeOf<ErrorCode>().toEqualTypeOf<CatalogueCode>();
    expectTypeOf<ErrorDetails["scope_violation"]>().toEqualTypeOf<DetailsOf<"scope_violation">>();
    expectTypeOf<ErrorDetails["consent_required"]>().toEqualTypeOf<OpenApproval | undefined>();
    expectTypeOf<ErrorDetails["conflict"]>().toEqualTypeOf<undefined>();
    expectTypeOf<ErrorCode>().toExtend<TollfreeErrorCode>();
  });

  test("`instanceof TollfreeError` and `code` narrow the type of an error's details", () => {
    const error: unknown = caughtError;
    if (!(error instanceof TollfreeError)) throw error;
    expectTypeOf(error).toEqualTypeOf<TollfreeError>();
    switch (error.code) {
      case "scope_violation":
        expectTypeOf(error.details.missing).toEqualTypeOf<string[]>();
        expectTypeOf(error.details.scope).toEqualTypeOf<"task_types" | "data_types" | "categories">();
        break;
      case "budget_approval_required":
        expectTypeOf(error.details.cost_cents).toBeNumber();
        expectTypeOf(error.details.approval_url).toBeString();
        break;
      case "output_unavailable":
        expectTypeOf(error.details.payment).toEqualTypeOf<Payment>();
        break;
      case "no_sponsor":
        expectTypeOf(error.details).toEqualTypeOf<undefined>();
        break;
      default:
        expectTypeOf(error.code).not.toEqualTypeOf<never>();
    }
  });

  test("a switch over `code` is checked for completeness", () => {
    const explain = (error: TollfreeError): boolean => {
      if (error.code === "network_error" || error.code === "conflict") return true;
      // @ts-expect-error Other codes are left, so this isn't `never`.
      const unhandled: never = error;
      return unhandled;
    };
    expectTypeOf(explain).returns.toBeBoolean();
  });
});

describe("an agent", () => {
  test("agent.api has every procedure of the router, with its input and output types", () => {
    type Search = Agent["api"]["agent"]["searchServices"]["query"];
    type Inputs = inferRouterInputs<AppRouter>["agent"]["searchServices"];
    type Outputs = inferRouterOutputs<AppRouter>["agent"]["searchServices"];
    expectTypeOf<Parameters<Search>[0]>().toEqualTypeOf<Inputs>();
    // Not equal: tRPC narrows values of unknown JSON to what JSON can hold.
    expectTypeOf<Outputs>().toExtend<Awaited<ReturnType<Search>>>();
    expectTypeOf<keyof Agent["api"]>().toExtend<PropertyKey>();
    expectTypeOf<Agent["api"]>().toHaveProperty("sponsor");
    // @ts-expect-error A query has no `mutate`.
    expectTypeOf<Agent["api"]["agent"]["searchServices"]["mutate"]>().toBeAny();
  });

  const Daylight = z.object({ sunrise: z.string() });

  test("a run's output has the type that `parse` returns, and is unknown without `parse`", () => {
    const run = (agent: Agent) => agent.run("daylight", {}, { parse: (output) => Daylight.parse(output) });
    expectTypeOf(run).returns.resolves.toEqualTypeOf<RunResult<{ sunrise: string }>>();
    const raw = (agent: Agent) => agent.run("daylight");
    expectTypeOf(raw).returns.resolves.toEqualTypeOf<RunResult>();
    expectTypeOf<RunResult["output"]>().toBeUnknown();
    expectTypeOf<RunResult["payment"]["status"]>().toEqualTypeOf<
      "pending" | "settled" | "expired" | "void" | "free"
    >();
    expectTypeOf<RunResult["metadata"]["budget_remaining_cents"]>().toBeNumber();
  });

  test("connect takes the scopes of the API, and no unknown data type", () => {
    expectTypeOf(connect).parameter(0).toHaveProperty("apiKey");
    expectTypeOf<TaskRequest["dataTypes"][number]>().toExtend<string>();
    type Scopes = NonNullable<Parameters<typeof connect>[0]["scopes"]>;
    expectTypeOf<{ allowed_data_types: ["email"] }>().toExtend<Scopes>();
    expectTypeOf<{ allowed_data_types: ["shoe_size"] }>().not.toExtend<Scopes>();
  });
});
