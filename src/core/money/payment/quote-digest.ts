import { createHash } from "node:crypto";
import type { UpstreamRequest } from "../../ports/upstream.ts";
import type { Terms } from "../../ports/x402-buyer.ts";
import { canonicalJson } from "../../protocol/canonical-json.ts";

/**
 * SHA-256 digest of a quote: network, asset, payee, amount, and exactly this request. The reservation stores
 * it. A payment is only marked as signed if the signed terms and the request give the same digest.
 */
export function quoteDigest(terms: Terms, { url, method, body }: UpstreamRequest): Uint8Array<ArrayBuffer> {
  const { network, asset, payTo, amountMicros } = terms;
  const quote = { network, asset, payTo, amount: String(amountMicros), url, method, body: body ?? null };
  return Uint8Array.from(createHash("sha256").update(canonicalJson(quote)).digest());
}
