import type { Settings } from "../../context.ts";
import type { SaleTerms } from "../../ports/x402-seller.ts";
import type { ApiRow } from "../../sponsorship/sponsored-api/index.ts";

const BPS = 10_000n;

/** What a direct run costs: the upstream's quote and our fee, rounded up to a micro. */
export function saleTerms(
  { publicBaseUrl, proxyFeeBps }: Pick<Settings, "publicBaseUrl" | "proxyFeeBps">,
  api: ApiRow,
  quoteMicros: bigint,
): SaleTerms {
  return {
    amountMicros: quoteMicros + (quoteMicros * proxyFeeBps + BPS - 1n) / BPS,
    url: `${publicBaseUrl}/proxy/${api.serviceKey}/run`,
    description: `${api.name}: ${api.description}`.slice(0, MAX_DESCRIPTION),
    listing: {
      inputSchema: api.inputSchema as Record<string, unknown>,
      sampleInput: api.sampleInput as Record<string, unknown>,
    },
  };
}
const MAX_DESCRIPTION = 300;
