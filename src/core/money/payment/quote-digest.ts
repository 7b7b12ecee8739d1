import { createHash } from "node:crypto";
import type { UpstreamRequest } from "../../ports/upstream.ts";
import type { Terms } from "../../ports/x402-buyer.ts";
import { canonicalJson } from "../../protocol/canonical-json.ts";

/**
 * What a reservation is good for: this much to this payee, for exactly this request. A signature is only made where
 * terms and request give the same digest as when they were reserved.
 */
export function quoteDigest(terms: Terms, { url, method, body }: UpstreamRequest): Uint8Array<ArrayBuffer> {
  const { network, asset, payTo, amountMicros } = terms;
  const quote = { network, asset, payTo, amount: String(amountMicros), url, method, body: body ?? null };
  return Uint8Array.from(createHash("sha256").update(canonicalJson(quote)).digest());
}
