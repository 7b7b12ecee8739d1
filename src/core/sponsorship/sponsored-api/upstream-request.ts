import type { Cipher } from "../../ports/cipher.ts";
import type { UpstreamRequest } from "../../ports/upstream.ts";
import type { ApiRow } from "./store.ts";

/** What binds an API's encrypted headers to it. */
export const headersContext = (apiId: string): string => `sponsored_apis.upstream_headers:${apiId}`;

export type Callable = Pick<
  ApiRow,
  "id" | "upstreamUrl" | "upstreamMethod" | "upstreamHeaders" | "timeoutMs"
>;

/**
 * The request a run makes: the input as the JSON body as it is (POST), or as the query (GET), where arrays
 * repeat their name and objects are JSON.
 */
export function buildUpstreamRequest(
  api: Callable,
  input: Record<string, unknown>,
  cipher: Cipher,
): UpstreamRequest {
  const headers: Record<string, string> = {
    accept: "application/json, */*;q=0.5",
    ...(api.upstreamHeaders !== null &&
      (JSON.parse(cipher.decrypt(api.upstreamHeaders, headersContext(api.id)).toString("utf8")) as Record<
        string,
        string
      >)),
  };
  if (api.upstreamMethod === "GET") {
    return { url: withQuery(api.upstreamUrl, input), method: "GET", headers, timeoutMs: api.timeoutMs };
  }
  return {
    url: api.upstreamUrl,
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(input),
    timeoutMs: api.timeoutMs,
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
