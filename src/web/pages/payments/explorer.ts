/** Where anybody can look at a network's transactions. A sandbox's chain is seen by nobody else. */
const EXPLORERS: Record<string, string> = {
  "eip155:8453": "https://basescan.org/tx/",
  "eip155:84532": "https://sepolia.basescan.org/tx/",
};

export function explorerUrl(network: string, hash: string): string | undefined {
  const explorer = EXPLORERS[network];
  return explorer === undefined || !/^0x[0-9a-f]{64}$/i.test(hash) ? undefined : explorer + hash;
}
