import { z } from "zod";
import { ERRORS } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import { JsonObject } from "../core/fields.ts";
import type { NextAction } from "../core/next-actions.ts";

/** The envelope of api.md as Zod: what every route answers with, on every transport. */

export const WireNextAction = z
  .object({
    action: z.string().meta({ description: "What it does", examples: ["complete_task"] }),
    method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    endpoint: z.string().meta({ description: "Path with its parameters filled in" }),
    operation_id: z.string().meta({ description: "The operation of this document, and tool name on MCP" }),
    auth: z.enum(["session", "api_key", "x402", "none"]).meta({ description: "Which credential it takes" }),
    params: JsonObject.meta({ description: "Query (GET) or body fields known so far" }),
    params_schema: JsonObject.optional().meta({ description: "JSON Schema naming the fields still missing" }),
    description: z.string(),
  })
  .meta({ id: "NextAction", description: "A machine-executable hint of what to call next" });
export type WireNextAction = z.infer<typeof WireNextAction>;

const FieldError = z
  .object({
    path: z.string().meta({ description: "JSON Pointer into the request, at the field itself" }),
    message: z.string(),
    keyword: z.string().meta({ description: "The JSON Schema keyword that was violated" }),
  })
  .meta({ id: "FieldError" });

const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

export const ErrorEnvelope = z
  .object({
    status: z.literal("error"),
    error_code: z.enum(ERROR_CODES),
    message: z.string(),
    retry_allowed: z.boolean().meta({ description: "The same request, unchanged, can succeed later" }),
    retry_after_seconds: z.int().min(1).optional().meta({ description: "Equals the Retry-After header" }),
    field_errors: z.array(FieldError).optional().meta({ description: "On validation_error only" }),
    details: JsonObject.optional().meta({ description: "Fields that depend on error_code" }),
    next_actions: z.array(WireNextAction),
    request_id: z.string(),
  })
  .meta({ id: "ErrorEnvelope", description: "Every answer from 400 up" });
export type ErrorEnvelope = z.infer<typeof ErrorEnvelope>;

/** The success envelope around a verb's output schema. */
export const success = <Data extends z.ZodType>(data: Data) =>
  z.object({ status: z.literal("success"), data, next_actions: z.array(WireNextAction) });

/**
 * A procedure's answer: what the core returned, with its next actions rendered for the caller's surface.
 *
 * @example return ok(ctx, data, [next.flowStatus()]);
 */
export const ok = <Data>(
  ctx: { renderActions(actions: NextAction[]): WireNextAction[] },
  data: Data,
  nextActions: NextAction[] = [],
) => ({ status: "success" as const, data, next_actions: ctx.renderActions(nextActions) });
