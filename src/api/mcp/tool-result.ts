import { z } from "zod";
import { JsonObject } from "../../core/protocol/fields.ts";
import type { ErrorEnvelope, WireNextAction } from "../response/envelope.ts";

/** A next action on MCP: which tool to call. A concise one leaves out what the tool says about itself. */
export const ToolAction = z.object({
  tool: z.string(),
  params: JsonObject.optional().meta({ description: "Arguments known so far" }),
  params_schema: JsonObject.optional().meta({ description: "JSON Schema of the arguments you have to add" }),
  description: z.string().optional(),
});

const toToolAction = ({
  operation_id,
  params,
  params_schema,
  description,
}: Pick<WireNextAction, "operation_id"> & Partial<WireNextAction>): z.infer<typeof ToolAction> => ({
  tool: operation_id,
  ...(params !== undefined && { params }),
  ...(params_schema !== undefined && { params_schema }),
  ...(description !== undefined && { description }),
});

/** What a tool answers: the operation's data, and what to call next. */
export const toToolResult = ({
  data,
  next_actions,
}: {
  data: Record<string, unknown>;
  next_actions: WireNextAction[];
}): Record<string, unknown> => ({ ...data, next_actions: next_actions.map(toToolAction) });

/** A refusal: the envelope, whose actions name tools. */
export const toToolRefusal = (envelope: ErrorEnvelope): Record<string, unknown> => ({
  ...envelope,
  next_actions: envelope.next_actions.map(toToolAction),
});
