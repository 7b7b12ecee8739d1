import { z } from "zod";
import type { ToolMeta } from "../operation/operation-meta.ts";
import type { Operation, Operations } from "../operation/operations.ts";
import { Detail } from "../response/concise/index.ts";
import { modelInput, modelOutput } from "./model-schema.ts";
import { plainJsonSchema } from "../operation/plain-json-schema.ts";
import { TOOL_TEXTS, type ToolTexts } from "./tool-texts.ts";
import { ToolAction } from "./tool-result.ts";

/** One tool of MCP: an operation, as hosts and models see it. */
export interface Tool {
  /** The operation's name without its surface, such as `run_service`. */
  name: string;
  title: string;
  description: string;
  annotations: {
    readOnlyHint: boolean;
    destructiveHint: boolean;
    idempotentHint: boolean;
    openWorldHint: boolean;
  };
  /** JSON Schemas without references, since many hosts don't follow them. */
  inputSchema: Record<string, unknown>;
  outputSchema: Record<string, unknown>;
  operation: Operation;
}

/**
 * Makes the tools of the operations that are some.
 * @throws Error that names the operation, if its schemas can't be shown; the server then doesn't start
 */
export function listTools(operations: Operations): ReadonlyMap<string, Tool> {
  const tools = [...operations.values()].flatMap((operation) => {
    const { mcp } = operation.meta;
    return mcp === undefined ? [] : [toTool(operation, mcp)];
  });
  return new Map(tools.map((tool) => [tool.name, tool]));
}

function toTool(operation: Operation, { readOnly, ...meta }: ToolMeta): Tool {
  const { id, surface, input, output } = operation;
  const name = id.slice(surface.length + 1);
  const texts = TOOL_TEXTS[name];
  if (texts === undefined) throw new Error(`${id}: a tool has a title and a description`);
  const { title, description } = texts;
  const data =
    output instanceof z.ZodObject ? (output.shape as Record<string, z.ZodType>)["data"] : undefined;
  if (!(data instanceof z.ZodObject)) throw new Error(`${id}: a tool answers with an object`);
  return {
    ...{ name, title, description },
    annotations: {
      readOnlyHint: readOnly,
      destructiveHint: meta.destructive ?? false,
      idempotentHint: meta.idempotent ?? readOnly,
      openWorldHint: meta.openWorld ?? false,
    },
    inputSchema: inputOf(plainJsonSchema(input, "input"), texts),
    outputSchema: modelOutput(plainJsonSchema(data.extend({ next_actions: z.array(ToolAction) }), "output")),
    operation,
  };
}

/** Every tool takes it besides its operation's own arguments. */
const DETAIL_ARGUMENT = { detail: { type: "string", enum: Detail.options } };

function inputOf(schema: Record<string, unknown>, texts: ToolTexts): Record<string, unknown> {
  const { inputs = {}, unlisted = [], listsDetail = false } = texts;
  const model = modelInput(schema, inputs);
  const listed = Object.entries(model["properties"] as object).filter(([name]) => !unlisted.includes(name));
  return { ...model, properties: { ...Object.fromEntries(listed), ...(listsDetail && DETAIL_ARGUMENT) } };
}
