import type { AnyTRPCProcedure } from "@trpc/server";
import { initTRPC } from "@trpc/server";
import { expect, test } from "vitest";
import { z } from "zod";
import type { ApiContext } from "../../../src/api/procedure/context.ts";
import { runProcedure } from "../../../src/api/procedure/run-procedure.ts";
import { AppError } from "../../../src/core/protocol/errors.ts";

// What we do in place of tRPC's own caller gives what that gives.

interface Context {
  steps: string[];
  actor?: string;
}
const t = initTRPC.context<Context>().meta<{ name: string }>().create();

const Input = z.strictObject({ n: z.number().default(7) });
const Output = z.object({ n: z.number(), actor: z.string().optional(), steps: z.array(z.string()) });

const named = (name: string) =>
  t.middleware(async ({ ctx, path, type, meta, next }) => {
    ctx.steps.push(`${name} before ${path} ${type} ${meta?.name ?? ""}`);
    const result = await next();
    ctx.steps.push(`${name} after ${result.ok ? "success" : result.error.code}`);
    return result;
  });
const identified = t.middleware(({ ctx, next }) => next({ ctx: { ...ctx, actor: "agent" } }));
const otherInput = t.middleware(({ next }) => next({ getRawInput: () => Promise.resolve({ n: 3 }) }));
const refusing = t.middleware(() => {
  throw new AppError("unauthorized");
});
const turning = t.middleware(async ({ next }) => {
  const result = await next();
  if (!result.ok) throw new AppError("not_found", { cause: result.error });
  return result;
});
const base = t.procedure.meta({ name: "example" }).use(named("first"));
type Builder = typeof base;

const procedures: Record<string, AnyTRPCProcedure> = Object.fromEntries(
  Object.entries({
    plain: base,
    "with a context": base.use(identified).use(named("second")) as unknown as Builder,
    "with another input": base.use(otherInput),
    "that is refused": base.use(named("second")).use(refusing),
    "whose refusal is turned into another": base.use(turning).use(refusing),
  }).map(([name, builder]) => [
    name,
    builder
      .input(Input)
      .output(Output)
      .query(({ ctx, input }) => ({ n: input.n, actor: ctx.actor, steps: ctx.steps, more: 1 })),
  ]),
);
procedures["that throws"] = base.query(() => {
  throw new Error("a bug");
});
procedures["with a wrong answer"] = base.output(Output).query(() => ({}) as never);

const INPUTS: unknown[] = [{ n: 1 }, {}, { n: "one" }, { other: 1 }, undefined];

async function outcomeOf(call: (options: object) => Promise<unknown>, input: unknown): Promise<unknown> {
  const ctx: Context = { steps: [] };
  const options = { ctx, path: "agent.example", type: "query", getRawInput: () => Promise.resolve(input) };
  try {
    return { data: await call({ ...options, signal: undefined, batchIndex: 0 }), steps: ctx.steps };
  } catch (thrown) {
    const { name, code, cause } = thrown as { name: string; code: string; cause: Error };
    return { thrown: [name, code, cause.name, cause.message], steps: ctx.steps };
  }
}

test.each(Object.entries(procedures))("a procedure %s", async (_, procedure) => {
  for (const input of INPUTS) {
    const ours = await outcomeOf((options) => runProcedure(procedure, options as never), input);
    const theirs = await outcomeOf((options) => procedure(options as never) as Promise<unknown>, input);
    expect(ours).toEqual(theirs);
  }
});

test("a step gets the context that is its own call's alone", async () => {
  const ctx = { steps: [] } as unknown as ApiContext;
  const call = { ctx, path: "agent.example", type: "query" as const, getRawInput: () => Promise.resolve({}) };
  await runProcedure(procedures["with a context"] as AnyTRPCProcedure, call);
  expect(ctx).not.toHaveProperty("actor");
});
