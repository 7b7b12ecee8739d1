import type { Cipher } from "../../ports/cipher.ts";
import type { UpstreamRequest } from "../../ports/upstream.ts";
import { AppError } from "../../protocol/errors.ts";
import { checkPathInput, fillPath } from "./path-parameters.ts";
import type { ApiRow } from "./store.ts";

/** Binds encrypted headers to their API. */
const headersContext = (apiId: string): string => `sponsored_apis.upstream_headers:${apiId}`;

type Headers = Record<string, string>;

/** Encrypts the headers of an API for storing. Returns null if there are none. */
export const encryptHeaders = (
  apiId: string,
  headers: Headers | undefined,
  cipher: Cipher,
): Uint8Array<ArrayBuffer> | null =>
  headers === undefined || Object.keys(headers).length === 0
    ? null
    : Uint8Array.from(cipher.encrypt(JSON.stringify(headers), headersContext(apiId)));

/** The headers that a sponsor set for an API. */
const decryptHeaders = (
  { id, upstreamHeaders }: Pick<ApiRow, "id" | "upstreamHeaders">,
  cipher: Cipher,
): Headers =>
  upstreamHeaders === null
    ? {}
    : (JSON.parse(cipher.decrypt(upstreamHeaders, headersContext(id)).toString("utf8")) as Headers);

/** What a request to an upstream needs of its API. */
export type Callable = Pick<
  ApiRow,
  "id" | "upstreamUrl" | "upstreamMethod" | "upstreamHeaders" | "timeoutMs"
>;

/**
 * Builds the request to the upstream. Fields of the input that the URL's path names go there. With POST, the
 * rest of the input is the JSON body. With GET, it is the query: an array repeats its parameter, an object
 * becomes JSON, and null is left out.
 * @param storedValues values of the input that come from the user's vault
 * @throws `validation_error` if a field can't be a part of the path
 */
export function buildUpstreamRequest(
  api: Callable,
  input: Record<string, unknown>,
  cipher: Cipher,
  storedValues: readonly string[] = [],
): UpstreamRequest {
  const fieldErrors = checkPathInput(api.upstreamUrl, input, "/input");
  if (fieldErrors.length > 0) throw new AppError("validation_error", { fieldErrors });
  const { url, rest } = fillPath(api.upstreamUrl, input);
  const { timeoutMs } = api;
  const sponsorsHeaders = decryptHeaders(api, cipher);
  const headers = { accept: "application/json, */*;q=0.5", ...sponsorsHeaders };
  const confidential = [...Object.values(sponsorsHeaders), ...storedValues];
  if (api.upstreamMethod === "GET")
    return { url: withQuery(url, rest), method: "GET", headers, timeoutMs, confidential };
  return {
    url,
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(rest),
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
