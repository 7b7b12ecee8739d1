// An operation in memory on oRPC's OpenAPI handler.
import { OpenAPIHandler } from "@orpc/openapi/node";
import { os } from "@orpc/server";
import { ANSWER, Input, Output, PATH, serve } from "./hello.mjs";

const hello = os
  .route({ method: "GET", path: PATH })
  .input(Input)
  .output(Output)
  .handler(() => ANSWER);
const handler = new OpenAPIHandler({ agent: { hello } });
serve(async (req, res) => {
  const { matched } = await handler.handle(req, res, { context: {} });
  if (!matched) res.writeHead(404).end();
});
