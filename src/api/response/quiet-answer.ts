import { z } from "zod";
import { ERROR_DETAILS } from "../../core/protocol/error-details.ts";
import type { AppError, ErrorCode } from "../../core/protocol/errors.ts";
import { ERRORS } from "../../core/protocol/errors.ts";
import {
  isNeutralName,
  markOf,
  neutralSchema,
  neutralServiceKey,
} from "../../core/protocol/foreign/index.ts";
import type { NextAction } from "../../core/protocol/next-actions.ts";
import { objectSchema, SPONSORED } from "../../core/protocol/object-schema.ts";
import { unwrapOnce } from "../operation/unwrap-zod.ts";
import type { ErrorEnvelope } from "./envelope.ts";
import { ErrorEnvelope as ErrorEnvelopeSchema } from "./envelope.ts";

/**
 * Answers without what sponsors and sellers wrote, for language models that such text could mislead. The schema of an answer
 * marks it (`core/protocol/foreign`). All transports come by here, so no operation has to think of it.
 */

/** The answer with what stands for marked values. @param schema the schema that the answer fits */
export function quietAnswer(schema: z.ZodType, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  const mark = markOf(schema);
  if (mark !== undefined) return mark.neutral(value as never);
  if (schema instanceof z.ZodObject) return quietObject(schema, value as Record<string, unknown>);
  if (schema instanceof z.ZodArray)
    return (value as unknown[]).map((item) => quietAnswer(schema.element as z.ZodType, item));
  if (schema instanceof z.ZodUnion) {
    const option = schema.options.find((one) => (one as z.ZodType).safeParse(value).success);
    return quietAnswer((option ?? z.never()) as z.ZodType, value);
  }
  // `optional`, `nullable` and the like. Of what holds others, only these occur in answers.
  const inner = unwrapOnce(schema);
  return inner === undefined ? value : quietAnswer(inner, value);
}

/** Fields that no schema knows are left out. */
function quietObject(schema: z.ZodObject, value: Record<string, unknown>): Record<string, unknown> {
  const fields = Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([name, field]) => {
    const quiet = Object.hasOwn(value, name) ? quietAnswer(field, value[name]) : undefined;
    return quiet === undefined ? [] : [[name, quiet]];
  });
  return Object.fromEntries(fields) as Record<string, unknown>;
}

/** An error's body in the same way. Its next actions are quiet already. */
export function quietError(body: ErrorEnvelope, { code, message, namesInMessage }: AppError): ErrorEnvelope {
  const { details, ...rest } = body;
  const schema = (ERROR_DETAILS as Partial<Record<ErrorCode, z.ZodType>>)[code];
  const isNeutral = namesInMessage.every(isNeutralName);
  return {
    ...(quietAnswer(ErrorEnvelopeSchema, rest) as object),
    message: isNeutral ? message : ERRORS[code].message,
    ...(details !== undefined && schema !== undefined && { details: quietAnswer(schema, details) }),
  } as ErrorEnvelope;
}

/** Next actions in the same way: their parameters name services and scopes, and the sponsor's schema stands in theirs. */
export function quietAction(action: NextAction): NextAction {
  const { path, params, paramsSchema } = action;
  return {
    ...action,
    path: "service_key" in path ? { ...path, service_key: neutralServiceKey(path.service_key) } : path,
    params: "scopes" in params ? { ...params, scopes: quietScopes(params["scopes"]) } : params,
    ...(paramsSchema !== undefined && { paramsSchema: quietParams(paramsSchema) }),
  } as NextAction;
}

/** A list with a name that isn't neutral becomes everything that the user granted, which holds that name if they granted it. */
function quietScopes(scopes: unknown): unknown {
  if (typeof scopes !== "object" || scopes === null) return scopes;
  return Object.fromEntries(
    Object.entries(scopes as Record<string, string[]>).map(([list, names]) => [
      list,
      names.every((name) => name === "*" || isNeutralName(name)) ? names : ["*"],
    ]),
  );
}

function quietParams(schema: Record<string, unknown>): Record<string, unknown> {
  const { properties, $defs, ...rest } = schema as {
    properties?: Record<string, Record<string, unknown>>;
    $defs?: unknown;
  };
  const sponsored = Object.entries(properties ?? {}).find(([, field]) => SPONSORED in field);
  if (properties === undefined || sponsored === undefined) return schema;
  const [field, own] = sponsored;
  const { [field]: _sponsors, ...ours } = properties;
  const neutral = neutralSchema({ ...own, ...($defs !== undefined && { $defs }) });
  return { ...rest, ...objectSchema(ours, { field, schema: neutral }) };
}
