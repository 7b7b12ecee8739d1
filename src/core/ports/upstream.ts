/** One HTTP request to an upstream. Redirects are never followed; size and time are capped by the adapter. */
export interface UpstreamRequest {
  url: string;
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
  timeoutMs: number;
}

export interface UpstreamAnswer {
  kind: "answer";
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: Buffer;
  elapsedMs: number;
}

export type UpstreamFailure =
  /** Nothing, or not all of it, came within `timeoutMs`. */
  | { kind: "timeout"; elapsedMs: number }
  /** No connection was made: the request didn't reach it. */
  | { kind: "unreachable"; reason: string }
  /** Its address isn't one we may call (SSRF). */
  | { kind: "blocked"; reason: string }
  /** The connection broke, or the answer was larger than we take. */
  | { kind: "cut"; reason: string };

export interface UpstreamClient {
  request(request: UpstreamRequest): Promise<UpstreamAnswer | UpstreamFailure>;
}
