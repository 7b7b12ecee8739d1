import { setTimeout as sleep } from "node:timers/promises";
import type { CallToolResult, JsonSchemaType, McpServer } from "@modelcontextprotocol/server";
import { fromJsonSchema } from "@modelcontextprotocol/server";
import { z } from "zod";

/** The suite's tools that answer with content of every kind. Their names and texts are the suite's. */

const text = (value: string) => ({ type: "text" as const, text: value });
const NOTHING = z.object({});

/** A red pixel, and a WAV file without a sound. */
export const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const SILENCE = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";

const CONTENT: Record<string, CallToolResult["content"]> = {
  test_simple_text: [text("This is a simple text response for testing.")],
  test_image_content: [{ type: "image", data: PIXEL, mimeType: "image/png" }],
  test_audio_content: [{ type: "audio", data: SILENCE, mimeType: "audio/wav" }],
  test_embedded_resource: [
    {
      type: "resource",
      resource: {
        uri: "test://embedded-resource",
        mimeType: "text/plain",
        text: "This is an embedded resource content.",
      },
    },
  ],
  test_multiple_content_types: [
    text("Multiple content types test:"),
    { type: "image", data: PIXEL, mimeType: "image/png" },
    {
      type: "resource",
      resource: {
        uri: "test://mixed-content-resource",
        mimeType: "application/json",
        text: JSON.stringify({ test: "data", value: 123 }),
      },
    },
  ],
  test_streaming_elicitation: [text("The stream holds this result alone.")],
};

/** A schema whose keywords have to arrive as they are. */
const JSON_SCHEMA_2020_12 = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object" as const,
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
};

/** Its argument stands in a header, too, by a keyword that only MCP has. */
const WITH_HEADER: JsonSchemaType = Object.assign(
  { type: "object" as const },
  { properties: { region: { type: "string", "x-mcp-header": "Region" }, level: { type: "integer" } } },
);

export function registerContentTools(server: McpServer): void {
  for (const [name, content] of Object.entries(CONTENT))
    server.registerTool(name, { description: name, inputSchema: NOTHING }, () => ({ content }));

  server.registerTool("test_error_handling", { description: "Throws", inputSchema: NOTHING }, () => {
    throw new Error("This tool intentionally returns an error for testing");
  });
  server.registerTool(
    "json_schema_2020_12_tool",
    { description: "Shows its schema", inputSchema: fromJsonSchema(JSON_SCHEMA_2020_12) },
    (args) => ({ content: [text(JSON.stringify(args))] }),
  );
  server.registerTool(
    "test_x_mcp_header",
    { description: "Repeats its argument", inputSchema: fromJsonSchema<{ region?: string }>(WITH_HEADER) },
    ({ region }) => ({ content: [text(`region=${region ?? "<none>"}`)] }),
  );
  server.registerTool(
    "test_tool_with_logging",
    { description: "Logs while it works", inputSchema: NOTHING },
    async (_args, ctx) => {
      for (const data of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
        await ctx.mcpReq.notify({ method: "notifications/message", params: { level: "info", data } });
        await sleep(10);
      }
      return { content: [text("Tool with logging executed successfully")] };
    },
  );
  server.registerTool(
    "test_logging_tool",
    { description: "Logs to hosts that asked for it", inputSchema: NOTHING },
    async (_args, ctx) => {
      // Hosts of 2025 have it.
      // eslint-disable-next-line @typescript-eslint/no-deprecated
      await ctx.mcpReq.log("info", "test_logging_tool ran");
      return { content: [text("logged")] };
    },
  );
  server.registerTool(
    "test_tool_with_progress",
    { description: "Says how far it is", inputSchema: NOTHING },
    async (_args, ctx) => {
      const progressToken = ctx.mcpReq._meta?.progressToken;
      for (const progress of progressToken === undefined ? [] : [0, 50, 100])
        await ctx.mcpReq.notify({
          method: "notifications/progress",
          params: { progressToken, progress, total: 100 },
        });
      return { content: [text(String(progressToken ?? "no-progress-token"))] };
    },
  );
}
