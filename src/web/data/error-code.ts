import type { ErrorEnvelope } from "../../api/response/envelope.ts";

/** Why a call was refused. */
export type ErrorCode = ErrorEnvelope["error_code"];
