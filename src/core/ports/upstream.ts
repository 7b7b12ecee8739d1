/** One HTTP request to an upstream. Redirects are never followed. The adapter limits time and response size. */
export interface UpstreamRequest {
  url: string;
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
  timeoutMs: number;
}

/** A complete response, of any status. */
export interface UpstreamAnswer {
  kind: "answer";
  status: number;
  /** Names are lower-case. */
  headers: Record<string, string>;
  body: Buffer;
  elapsedMs: number;
}

/** A cause of a failure that stays the same at the next request. */
export type LastingProblem = "tls" | "headers_too_large" | "answer_too_large";

/** Why there is no complete response. */
export type UpstreamFailure =
  /** The complete response didn't arrive within `timeoutMs`. The upstream may have got the request. */
  | { kind: "timeout"; elapsedMs: number }
  /** No connection was made. The upstream didn't get the request. */
  | { kind: "unreachable"; reason: string; problem?: LastingProblem }
  /** The URL or its address isn't allowed (SSRF protection). Nothing was sent. */
  | { kind: "blocked"; reason: string }
  /** The connection broke, or the response was too large. The upstream may have got the request. */
  | { kind: "cut"; reason: string; problem?: LastingProblem };

export interface UpstreamClient {
  /** Sends the request once. Failures are returned, not thrown. */
  request(request: UpstreamRequest): Promise<UpstreamAnswer | UpstreamFailure>;
}
