/** One HTTP request to an upstream. Redirects are never followed. The adapter limits time and response size. */
export interface UpstreamRequest {
  url: string;
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
  timeoutMs: number;
  /**
   * Values in this request that nobody but the upstream may see: the sponsor's headers, and the user's stored
   * data. They are taken out of what callers are shown of the upstream's refusal.
   */
  confidential: string[];
  /** What is read of the answer. `status`: its body is dropped, and nothing of it is kept. Default: whole. */
  reads?: "whole" | "status";
}

/** A response of any status, with its body as far as it came. */
export interface UpstreamAnswer {
  kind: "answer";
  status: number;
  /** Names are lower-case. */
  headers: Record<string, string>;
  body: Buffer;
  /** The body broke off, is too large, or was still coming when the time was over. `body` is its beginning. */
  truncated: boolean;
  /** The `Content-Encoding` of `body`, if it couldn't be undone. */
  encoding?: string;
  elapsedMs: number;
}

/** A cause of a failure that stays the same at the next request. */
export type LastingProblem = "tls" | "headers_too_large";

/** Why there is no response. */
export type UpstreamFailure =
  /** No part of the body arrived within `timeoutMs`. The upstream may have got the request. */
  | { kind: "timeout"; elapsedMs: number }
  /** No connection was made. The upstream didn't get the request. */
  | { kind: "unreachable"; reason: string; problem?: LastingProblem }
  /** The URL or its address isn't allowed (SSRF protection). Nothing was sent. */
  | { kind: "blocked"; reason: string }
  /** The connection broke before any part of the body. The upstream may have got the request. */
  | { kind: "cut"; reason: string; problem?: LastingProblem };

export interface UpstreamClient {
  /** Sends the request once. Failures are returned, not thrown. */
  request(request: UpstreamRequest): Promise<UpstreamAnswer | UpstreamFailure>;
  /** Why this URL is never called, as far as the URL alone says it: its scheme, credentials, a private address. */
  refusalOf(url: string): string | undefined;
}
