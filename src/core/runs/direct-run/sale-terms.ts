import type { Settings } from "../../context.ts";
import type { SaleTerms } from "../../ports/x402-seller.ts";
import type { ApiRow } from "../../sponsorship/sponsored-api/index.ts";

/** Hundredths of a percent in a whole. */
const BPS = 10_000n;
const MAX_DESCRIPTION = 300;

/** Where our icon is served. */
const ICON_PATH = "/icon.svg";

/** What we keep of a direct payment, in micros: a share of the upstream's quote, rounded up. */
export const directFee = ({ proxyFeeBps }: Pick<Settings, "proxyFeeBps">, quoteMicros: bigint): bigint =>
  (quoteMicros * proxyFeeBps + BPS - 1n) / BPS;

/** Where a service is bought. */
export const saleUrl = ({ publicBaseUrl }: Pick<Settings, "publicBaseUrl">, serviceKey: string): string =>
  `${publicBaseUrl}/proxy/${serviceKey}/run`;

/** What is said of a service that is sold. */
type Sold = Pick<ApiRow, "serviceKey" | "name" | "description" | "tags" | "categories"> & {
  inputSchema: unknown;
  sampleInput: unknown;
};

/** The terms on which a direct run is sold. It costs the upstream's quote and our fee. */
export function saleTerms(
  settings: Pick<Settings, "publicBaseUrl" | "proxyFeeBps">,
  api: Sold,
  quoteMicros: bigint,
): SaleTerms {
  return {
    amountMicros: quoteMicros + directFee(settings, quoteMicros),
    url: saleUrl(settings, api.serviceKey),
    description: `${api.name}: ${api.description}`.slice(0, MAX_DESCRIPTION),
    listing: {
      name: api.name,
      key: api.serviceKey,
      tags: [...new Set([...api.tags, ...api.categories])],
      iconUrl: `${settings.publicBaseUrl}${ICON_PATH}`,
      inputSchema: api.inputSchema as Record<string, unknown>,
      sampleInput: api.sampleInput as Record<string, unknown>,
    },
  };
}
