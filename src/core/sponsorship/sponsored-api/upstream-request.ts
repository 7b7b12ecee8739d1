import type { Cipher } from "../../ports/cipher.ts";
import type { UpstreamRequest } from "../../ports/upstream.ts";
import type { ApiRow } from "./store.ts";

/** Binds encrypted headers to their API. */
export const headersContext = (apiId: string): string => `sponsored_apis.upstream_headers:${apiId}`;

/** What a request to an upstream needs of its API. */
export type Callable = Pick<
  ApiRow,
  "id" | "upstreamUrl" | "upstreamMethod" | "upstreamHeaders" | "timeoutMs"
>;

/**
 * Builds the request to the upstream. With POST, the input is the JSON body. With GET, the input is the
 * query: an array repeats its parameter, an object becomes JSON, and null is left out.
 */
export function buildUpstreamRequest(
  api: Callable,
  input: Record<string, unknown>,
  cipher: Cipher,
): UpstreamRequest {
  const { upstreamHeaders: encrypted, timeoutMs } = api;
  const sponsorsHeaders =
    encrypted === null
      ? {}
      : (JSON.parse(cipher.decrypt(encrypted, headersContext(api.id)).toString("utf8")) as Record<
          string,
          string
        >);
  const headers = { accept: "application/json, */*;q=0.5", ...sponsorsHeaders };
  const confidential = Object.values(sponsorsHeaders);
  if (api.upstreamMethod === "GET")
    return { url: withQuery(api.upstreamUrl, input), method: "GET", headers, timeoutMs, confidential };
  return {
    url: api.upstreamUrl,
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(input),
    timeoutMs,
    confidential,
  };
}

function withQuery(base: string, input: Record<string, unknown>): string {
  const url = new URL(base);
  for (const [name, value] of Object.entries(input)) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (item === undefined || item === null) continue;
      url.searchParams.append(name, typeof item === "string" ? item : JSON.stringify(item));
    }
  }
  return url.href;
}
