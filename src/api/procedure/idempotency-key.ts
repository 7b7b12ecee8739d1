import type { IncomingHttpHeaders } from "node:http";
import { AppError, invalidField } from "../../core/protocol/errors.ts";
import { IdempotencyKey } from "../../core/protocol/idempotency/index.ts";
import type { ApiContext } from "./context.ts";

/**
 * Returns the input with the key of the `Idempotency-Key` header. Header and field `idempotency_key` mean the
 * same.
 * @throws AppError `validation_error` if the header is malformed, or differs from the field
 */
export function withIdempotencyKey<Input extends { idempotency_key?: string | undefined }>(
  { headers }: Pick<ApiContext, "headers">,
  input: Input,
): Input {
  const key = readIdempotencyKey(headers, input.idempotency_key);
  return key === undefined ? input : { ...input, idempotency_key: key };
}

/** Sets a response header if an earlier call with the same key already did the work. */
export function markReplayed({ reply }: Pick<ApiContext, "reply">, replayed: boolean): void {
  if (replayed) reply.headers["Idempotency-Replayed"] = "true";
}

function readIdempotencyKey(headers: IncomingHttpHeaders, bodyKey: string | undefined): string | undefined {
  const headerKey = headers["idempotency-key"];
  if (headerKey === undefined) return bodyKey;
  const parsed = IdempotencyKey.safeParse(headerKey);
  if (!parsed.success) {
    throw new AppError("validation_error", {
      message: "The Idempotency-Key header must be 1 to 255 visible ASCII characters.",
      fieldErrors: [
        {
          path: "/idempotency_key",
          message: "must be 1 to 255 visible ASCII characters",
          keyword: "pattern",
        },
      ],
    });
  }
  if (bodyKey !== undefined && bodyKey !== parsed.data) {
    throw invalidField("/idempotency_key", "must be the same as the Idempotency-Key header", "const");
  }
  return parsed.data;
}
