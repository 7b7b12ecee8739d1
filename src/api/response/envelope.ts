import type { TRPC_ERROR_CODE_KEY, TRPC_ERROR_CODE_NUMBER } from "@trpc/server";
import { z } from "zod";
import { ERROR_DETAILS } from "../../core/protocol/error-details.ts";
import type { DetailsOf, ErrorCode } from "../../core/protocol/errors.ts";
import { ErrorCodeField, JsonObject, JsonValue } from "../../core/protocol/fields.ts";
import { foreignFieldError } from "../../core/protocol/foreign/index.ts";
import type { NextAction } from "../../core/protocol/next-actions.ts";

/** The response envelope as Zod schemas. It is the same on all transports. */

export const WireNextAction = z
  .object({
    action: z.string().meta({ description: "What it does", examples: ["complete_task"] }),
    method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    endpoint: z.string().meta({ description: "Path with its parameters filled in" }),
    operation_id: z.string().meta({ description: "The operation of this document, and tool name on MCP" }),
    auth: z.enum(["session", "api_key", "x402", "none"]).meta({ description: "The credential it takes" }),
    params: JsonObject.meta({ description: "Query (GET) or body fields known so far" }),
    params_schema: JsonObject.optional().meta({ description: "JSON Schema of the fields you have to add" }),
    description: z.string(),
  })
  .meta({ id: "NextAction", description: "A machine-executable hint of what to call next" });
export type WireNextAction = z.infer<typeof WireNextAction>;

const FieldError = foreignFieldError().meta({ id: "FieldError" });

/**
 * Merges the details of all error codes into one object schema. Each field's description names its error
 * codes. Models and client generators handle one object better than one variant for each code.
 */
function mergedDetails(): z.ZodType {
  const fields = new Map<string, { type: z.ZodType; codes: string[] }>();
  for (const [code, details] of Object.entries(ERROR_DETAILS)) {
    const { shape } = details instanceof z.ZodOptional ? details.unwrap() : details;
    for (const [name, type] of Object.entries(shape as Record<string, z.ZodType>)) {
      const { codes } = fields.get(name) ?? { codes: [] };
      fields.set(name, { type: fields.get(name)?.type ?? type, codes: [...codes, `\`${code}\``] });
    }
  }
  const described = [...fields].map(([name, { type, codes }]) => {
    const { description } = type.meta() ?? {};
    const usedBy = `With ${codes.join(", ")}`;
    const text = description === undefined ? usedBy : `${description}. ${usedBy}`;
    return [name, type.optional().meta({ description: text })];
  });
  return z
    .looseObject(Object.fromEntries(described) as Record<string, z.ZodType>)
    .meta({ id: "ErrorDetails", description: "Fields that depend on error_code" });
}

export const ErrorEnvelope = z
  .object({
    status: z.literal("error"),
    error_code: ErrorCodeField,
    message: z.string(),
    retry_allowed: z
      .boolean()
      .meta({ description: "Whether the same request, unchanged, can succeed later" }),
    retry_after_seconds: z.int().min(1).optional().meta({ description: "Equals the Retry-After header" }),
    field_errors: z.array(FieldError).optional().meta({ description: "On validation_error only" }),
    details: mergedDetails().optional(),
    next_actions: z.array(WireNextAction),
    request_id: z.string(),
    x402Version: z
      .literal(1)
      .optional()
      .meta({ description: "With `payment_required`, for x402 v1 clients: the version of the terms" }),
    accepts: z.array(JsonValue).optional().meta({
      description: "With `payment_required`, for x402 v1 clients: the terms. The terms of v2 are in a header",
    }),
  })
  .meta({ id: "ErrorEnvelope", description: "The body of every response with status 400 or higher" });

/** An error's body. `error_code` is the discriminator: it determines the type of `details`. */
export type ErrorEnvelope = { [Code in ErrorCode]: ErrorEnvelopeOf<Code> }[ErrorCode];
type ErrorEnvelopeOf<Code extends ErrorCode> = Omit<
  z.infer<typeof ErrorEnvelope>,
  "error_code" | "details"
> & { error_code: Code } & (undefined extends DetailsOf<Code>
    ? { details?: NonNullable<DetailsOf<Code>> }
    : { details: DetailsOf<Code> });

/**
 * An error as tRPC's client expects it: a numeric `code` and `message`, and the envelope's fields in `data`.
 */
export interface TrpcErrorShape {
  code: TRPC_ERROR_CODE_NUMBER;
  message: string;
  data: ErrorEnvelope & { code: TRPC_ERROR_CODE_KEY; httpStatus: number; path?: string };
}

/** The schema of the success envelope around the schema of its data. */
export const success = <Data extends z.ZodType>(data: Data) =>
  z.object({ status: z.literal("success"), data, next_actions: z.array(WireNextAction) });

/**
 * Builds the success envelope: the core's result, and its next actions rendered for the caller's surface.
 *
 * @example return ok(ctx, data, [next.flowStatus()]);
 */
export const ok = <Data>(
  ctx: { renderActions(actions: NextAction[]): WireNextAction[] },
  data: Data,
  nextActions: NextAction[] = [],
) => ({ status: "success" as const, data, next_actions: ctx.renderActions(nextActions) });
