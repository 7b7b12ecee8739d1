import type { ErrorCode } from "../../core/protocol/errors.ts";

/** Which credential an operation takes. The builder in `trpc.ts` that makes the procedure sets it. */
export type Auth = "none" | "x402" | "api_key" | "session" | "sponsor" | "admin";

/** The first segment of an operation's tRPC path and of its REST path. */
export const SURFACES = ["agent", "gpt", "user", "sponsor", "admin", "proxy"] as const;
export type Surface = (typeof SURFACES)[number];

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What the author of a procedure says about it: enough for the REST route and the OpenAPI document. */
export interface OperationMeta {
  /** The builder's; don't state it. */
  auth?: Auth;
  /** Read by trpc-to-openapi too, hence its shape. */
  openapi?: {
    method: Method;
    path: `/${string}`;
    /** A few words, without a full stop. */
    summary: string;
    description?: string;
    /** The surface's name if left out. */
    tags?: string[];
    successDescription?: string;
  };
  /** What it can answer besides what every operation of its kind can (`common-errors.ts`). */
  errors?: readonly ErrorCode[];
  /**
   * Checked against the schemas by a test. `request` is the whole input, path parameters included; `response` is
   * what the envelope holds as `data`, on surfaces that have the envelope.
   */
  example?: { request?: Record<string, unknown>; response?: unknown };
  /** When it answers 202 rather than 200; documented if set. */
  accepted?: string;
  /** Answers over REST with a file instead of the envelope (`file-answer.ts`): JSON Schemas by media type. */
  file?: Record<string, Record<string, unknown>>;
  /** Answers over REST with somebody else's bytes, of any type, instead of the envelope. */
  bytes?: boolean;
  /** Takes an `Idempotency-Key` header. */
  idempotencyKey?: boolean;
  /** GPT surface: whether the host asks the person before each call. Default: everything but GET. */
  consequential?: boolean;
}
