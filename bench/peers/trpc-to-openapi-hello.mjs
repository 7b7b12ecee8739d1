// An operation in memory on the handler of trpc-to-openapi, without Express.
import { initTRPC } from "@trpc/server";
import { createOpenApiNodeHttpHandler } from "trpc-to-openapi";
import { ANSWER, Input, Output, PATH, serve } from "./hello.mjs";

const t = initTRPC.meta().create();
const hello = t.procedure
  .meta({ openapi: { method: "GET", path: PATH } })
  .input(Input)
  .output(Output)
  .query(() => ANSWER);
const router = t.router({ agent: t.router({ hello }) });
serve(createOpenApiNodeHttpHandler({ router, createContext: () => ({}) }));
