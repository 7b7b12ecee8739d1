import type { Network } from "@x402/core/types";
import { getEvmChainIdV1, NETWORKS } from "@x402/evm/v1";

/**
 * x402 v1's name of a network, such as `base-sepolia`. Undefined if v1 has no name for it.
 * @param network CAIP-2, `eip155:…`
 */
export const networkNameV1 = (network: Network): string | undefined =>
  NETWORKS.find((name) => `eip155:${getEvmChainIdV1(name)}` === network);
