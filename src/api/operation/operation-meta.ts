import type { ErrorCode } from "../../core/protocol/errors.ts";

/** The version of what callers rely on, as the OpenAPI document and MCP say it. */
export const API_VERSION = "1.0.0";

/** The credential that an operation takes. The procedure builder in `procedure/trpc.ts` sets it. */
export type Auth = "none" | "x402" | "api_key" | "session" | "sponsor" | "admin";

/** The first segment of an operation's tRPC path and of its REST path. */
export const SURFACES = ["agent", "gpt", "mcp", "user", "sponsor", "admin", "proxy"] as const;
export type Surface = (typeof SURFACES)[number];

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** The metadata of a procedure. The REST route and the OpenAPI document are derived from it. */
export interface OperationMeta {
  /** Set by the procedure builder. Don't set it in `.meta()`. */
  auth?: Auth;
  /** trpc-to-openapi reads this too, so its shape is given. */
  openapi?: {
    method: Method;
    path: `/${string}`;
    /** A few words, without a full stop. */
    summary: string;
    description?: string;
    /** Default: the surface's name. */
    tags?: string[];
    successDescription?: string;
  };
  /**
   * Error codes of this operation alone. `openapi/operation-errors.ts` adds those of every operation of its
   * kind.
   */
  errors?: readonly ErrorCode[];
  /**
   * A test checks it against the schemas. `request` is the whole input, with path parameters. `response` is
   * the envelope's `data`; on the GPT surface, which has no envelope, it is the whole body.
   */
  example?: { request?: Record<string, unknown>; response?: unknown };
  /** Says when the operation answers 202 instead of 200. If set, the document lists the 202. */
  accepted?: string;
  /**
   * JSON Schemas by media type. If set, REST answers with a file instead of the envelope
   * (`file-response.ts`).
   */
  file?: Record<string, Record<string, unknown>>;
  /** If true, REST answers with the upstream's bytes, of any media type, instead of the envelope. */
  bytes?: boolean;
  /** Whether the operation takes an `Idempotency-Key` header. */
  idempotencyKey?: boolean;
  /** GPT surface only: whether ChatGPT asks the person before each call. Default: true except for GET. */
  consequential?: boolean;
  /** Set if the operation is a tool on MCP, too. */
  mcp?: ToolMeta;
}

/** What hosts are told about a tool on MCP, so that they know when to ask the person. */
export interface ToolMeta {
  /** Changes nothing. */
  readOnly: boolean;
  /** Sends something away that can't be taken back. Default: no. */
  destructive?: boolean;
  /** The same call again changes nothing more. Default: no. */
  idempotent?: boolean;
  /** Reaches what isn't ours, such as a seller. Default: no. */
  openWorld?: boolean;
}
