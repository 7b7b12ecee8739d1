import type { IncomingHttpHeaders } from "node:http";
import { AppError, invalidField } from "../../core/protocol/errors.ts";
import { IdempotencyKey } from "../../core/protocol/idempotency/index.ts";
import type { ApiContext } from "./context.ts";

/**
 * The input with the key of the `Idempotency-Key` header, which is the same thing as the field.
 * @throws `validation_error` for a key that isn't one, and for two different ones
 */
export function withIdempotencyKey<Input extends { idempotency_key?: string | undefined }>(
  { headers }: Pick<ApiContext, "headers">,
  input: Input,
): Input {
  const key = idempotencyKey(headers, input.idempotency_key);
  return key === undefined ? input : { ...input, idempotency_key: key };
}

/** Says that this was done before, under the same key. */
export function markReplayed({ reply }: Pick<ApiContext, "reply">, replayed: boolean): void {
  if (replayed) reply.headers["Idempotency-Replayed"] = "true";
}

/** The key of the `Idempotency-Key` header or of the body; both are the same thing. */
function idempotencyKey(headers: IncomingHttpHeaders, inBody: string | undefined): string | undefined {
  const inHeader = headers["idempotency-key"];
  if (inHeader === undefined) return inBody;
  const parsed = IdempotencyKey.safeParse(inHeader);
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
  if (inBody !== undefined && inBody !== parsed.data) {
    throw invalidField("/idempotency_key", "must be the same as the Idempotency-Key header", "const");
  }
  return parsed.data;
}
