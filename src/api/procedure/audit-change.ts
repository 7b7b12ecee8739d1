import type { ErrorCode } from "../../core/protocol/errors.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { toAppError } from "../response/error-body.ts";

const MOST_CHARACTERS = 200;
const MOST_OF_REASON = 500;

/**
 * What a call is about, by the first of these fields that the input has. Nothing else of the input is kept.
 */
export function objectOf(input: unknown, names: readonly string[]): string | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const fields = input as Record<string, unknown>;
  const value = names.map((name) => fields[name]).find((field) => typeof field === "string");
  return typeof value === "string" ? value.slice(0, MOST_CHARACTERS) : undefined;
}

/** Why something is done, if the input says it. The switch of payments takes no longer one. */
export function reasonOf(input: unknown): string | undefined {
  const { reason } = (typeof input === "object" && input !== null ? input : {}) as { reason?: unknown };
  return typeof reason === "string" ? reason.trim().slice(0, MOST_OF_REASON) : undefined;
}

/**
 * Makes a change, and writes it down: done, or refused by which code. The row is stored before the answer goes out. Asking for the terms
 * of a payment changes nothing, so that leaves no row, and neither does a call too many.
 * @param call never throws if it is a procedure's `next`
 * @param write stores the row. Undefined: it was done. `answer` is then what the caller gets
 * @throws what `call` threw; AppError `service_unavailable` if the row can't be written
 */
export async function auditChange<Result extends { ok: boolean; error?: unknown; data?: unknown }>(
  call: () => Promise<Result>,
  write: (errorCode: ErrorCode | undefined, answer: unknown) => Promise<void>,
): Promise<Result> {
  const result = await call().catch((error: unknown) => ({ thrown: error }));
  const failure = "thrown" in result ? result.thrown : result.ok ? undefined : result.error;
  const error = failure === undefined ? undefined : toAppError(failure);
  if (error?.code !== "payment_required" && error?.code !== "rate_limited") {
    const answer = error === undefined && "data" in result ? result.data : undefined;
    await write(error?.code, answer).catch((auditError: unknown) => {
      const causes = error === undefined ? [auditError] : [auditError, error];
      throw new AppError("service_unavailable", {
        cause: new AggregateError(causes, "the audit row of a change was not written"),
      });
    });
  }
  if ("thrown" in result) throw result.thrown;
  return result;
}
