import type { McpServer, ServerContext } from "@modelcontextprotocol/server";
import type { Tool } from "../../api/mcp/tools.ts";
import type { Api, RequestContext } from "../transport/call-context.ts";
import type { RequestHost } from "./mount-mcp.ts";
import { answerWith } from "./tool-answer.ts";

/** Registers our tools on the server of one request. */
export function registerTools(
  api: Api,
  tools: ReadonlyMap<string, Tool>,
  server: McpServer,
  { era, opensLinks, mintState }: RequestHost,
): void {
  for (const tool of tools.values()) {
    const { name, title, description, annotations } = tool;
    server.registerTool(
      name,
      {
        ...{ title, description, annotations },
        inputSchema: declared(tool.inputSchema),
        outputSchema: declared(tool.outputSchema),
      },
      (args: unknown, ctx: ServerContext) =>
        answerWith(api, requestOf(ctx), tool, args, {
          ...{ ctx, era, opensLinks: opensLinks(ctx) },
          mintState: (approvalId) => mintState({ approvalId }, ctx),
        }),
    );
  }
}

/** The library advertises schemas and would refuse bad input by itself. The operation does it, with our envelope. */
const declared = (schema: Record<string, unknown>) => ({
  "~standard": {
    version: 1 as const,
    vendor: "tollfree",
    validate: (value: unknown) => ({ value }),
    jsonSchema: { input: () => schema, output: () => schema },
  },
});

const requestOf = (ctx: ServerContext): RequestContext =>
  ctx.http?.authInfo?.extra?.["request"] as RequestContext;
