import { TRPCClientError } from "@trpc/client";
import type { ConsoleRouter } from "../../api/console-router.ts";
import type { ErrorCode } from "./error-code.ts";

/** What went wrong with a call, in the form that pages put into words. */
export interface Failure {
  /** `unreachable`: no answer of ours came. */
  code: ErrorCode | "unreachable";
  /** JSON Pointers of the refused fields, such as `/code`. */
  fields: string[];
  retryAfterSeconds: number | undefined;
}

export function failureOf(error: unknown): Failure {
  const data = error instanceof TRPCClientError ? (error as TRPCClientError<ConsoleRouter>).data : undefined;
  return {
    code: data?.error_code ?? "unreachable",
    fields: data?.field_errors?.map(({ path }) => path) ?? [],
    retryAfterSeconds: data?.retry_after_seconds,
  };
}
