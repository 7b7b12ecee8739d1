import type { CheckContext } from "../../personal-data/data-schema/index.ts";
import { checkDescription, checkSchema, describeSchema } from "../../personal-data/data-schema/index.ts";
import { AppError, invalidField } from "../../protocol/errors.ts";
import type { PhoneRegion } from "../../protocol/phone-regions.ts";
import { checkPathInput, findParameterProblem } from "./path-parameters.ts";

/**
 * @param regions whose national phone numbers no listed value may hold
 * @throws `validation_error` that names each part of an input schema that isn't allowed
 */
export async function requireSafeSchema(
  ctx: CheckContext,
  inputSchema: unknown,
  regions: readonly PhoneRegion[],
): Promise<void> {
  const schemaErrors = await checkSchema(ctx, inputSchema, regions);
  if (schemaErrors.length === 0) return;
  throw new AppError("validation_error", {
    message: "The input schema isn't allowed. See the errors of its fields.",
    fieldErrors: schemaErrors.map((error) => ({ ...error, path: `/input_schema${error.path}` })),
  });
}

/** @throws `validation_error` that names each part of an output schema that isn't safe */
export async function requireSafeDescription(ctx: CheckContext, outputSchema: unknown): Promise<void> {
  const schemaErrors = await checkDescription(ctx, outputSchema);
  if (schemaErrors.length === 0) return;
  throw new AppError("validation_error", {
    message: "The output schema isn't allowed. See the errors of its fields.",
    fieldErrors: schemaErrors.map((error) => ({ ...error, path: `/output_schema${error.path}` })),
  });
}

/** As much as a schema may have. Each call of the service reads both. */
const MAX_SAMPLE_BYTES = 64 * 1024;

/** @throws `validation_error` for a sample input that is larger than 64 KiB */
export function requireSmallSample(sampleInput: Record<string, unknown>): void {
  if (Buffer.byteLength(JSON.stringify(sampleInput)) > MAX_SAMPLE_BYTES)
    throw invalidField("/sample_input", `This is larger than ${MAX_SAMPLE_BYTES} bytes.`, "size");
}

/**
 * Checks that every valid input fills the parameters of the URL's path, and that the sample input does.
 * @throws `validation_error` at `/upstream_url` or in `/sample_input`
 */
export async function requireFillablePath(
  ctx: CheckContext,
  definition: { upstreamUrl: string; inputSchema: unknown; sampleInput: Record<string, unknown> },
): Promise<void> {
  const { upstreamUrl, inputSchema, sampleInput } = definition;
  const problem = findParameterProblem(upstreamUrl, await describeSchema(ctx, inputSchema));
  if (problem !== undefined) throw invalidField("/upstream_url", problem, "pattern");
  const fieldErrors = checkPathInput(upstreamUrl, sampleInput, "/sample_input");
  if (fieldErrors.length > 0) throw new AppError("validation_error", { fieldErrors });
}

/** The error for an upstream whose address isn't public. */
export const notPublic = (): AppError =>
  invalidField("/upstream_url", "must lead to a public address", "format");
