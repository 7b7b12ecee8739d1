import type { ErrorCode } from "../../core/protocol/errors.ts";
import { ERRORS } from "../../core/protocol/errors.ts";
import type { Auth } from "../operation/operation-meta.ts";
import type { Operation } from "../operation/operations.ts";
import { fieldsOf } from "../operation/unwrap-zod.ts";

/** Codes of every operation. */
const ALWAYS: readonly ErrorCode[] = ["invalid_request", "internal_error", "service_unavailable"];

/** Codes of operations that read a body. */
const WITH_BODY: readonly ErrorCode[] = ["invalid_json", "payload_too_large", "unsupported_media_type"];

const BY_AUTH: Record<Auth, readonly ErrorCode[]> = {
  none: [],
  x402: ["rate_limited"],
  api_key: ["unauthorized", "rate_limited"],
  session: ["unauthorized", "session_expired", "session_revoked", "session_suspended", "rate_limited"],
  sponsor: ["unauthorized", "rate_limited"],
  admin: ["unauthorized", "rate_limited"],
};

/** Whether the server reads the request's body. It does so even if the operation has no body fields. */
const readsBody = ({ method }: Operation): boolean => method !== "GET" && method !== "DELETE";

/** Whether an operation has body fields: fields that aren't path parameters, on a method with a body. */
export const takesBody = (operation: Operation): boolean =>
  readsBody(operation) && Object.keys(fieldsOf(operation.input)).length > operation.pathParams.length;

/** All error codes of an operation by HTTP status: those of its kind, and those its metadata declares. */
export function errorsByStatus(operation: Operation): Map<number, ErrorCode[]> {
  const codes = new Set<ErrorCode>([
    ...ALWAYS,
    ...BY_AUTH[operation.auth],
    "validation_error", // unknown fields are refused everywhere
    ...(readsBody(operation) ? WITH_BODY : []),
    ...(operation.pathParams.length > 0 ? (["not_found"] as const) : []),
    ...(operation.meta.errors ?? []),
  ]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...codes].sort()) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return byStatus;
}
