import { TRPCClientError } from "@trpc/client";
import type { ConsoleRouter } from "../../api/console-router.ts";
import type { ErrorCode } from "./error-code.ts";

/** What went wrong with a call, in the form that pages put into words. */
export interface Failure {
  /** `unreachable`: no answer of ours came. */
  code: ErrorCode | "unreachable";
  /** JSON Pointers of the refused fields, such as `/code`. */
  fields: string[];
  /** The same with what the server says of each, in English: for schemas, whose errors are technical. */
  problems: { path: string; message: string }[];
  /** What came of calling an upstream. */
  probe:
    | { cause?: string; status?: number; offers?: { field: string; found?: string; expected: string }[] }
    | undefined;
  retryAfterSeconds: number | undefined;
}

export function failureOf(error: unknown): Failure {
  const data = error instanceof TRPCClientError ? (error as TRPCClientError<ConsoleRouter>).data : undefined;
  return {
    code: data?.error_code ?? "unreachable",
    fields: data?.field_errors?.map(({ path }) => path) ?? [],
    problems: data?.field_errors?.map(({ path, message }) => ({ path, message })) ?? [],
    probe: (data?.details as { probe?: Failure["probe"] } | undefined)?.probe,
    retryAfterSeconds: data?.retry_after_seconds,
  };
}
