import { useMe } from "../../data/session.ts";

/** Where anybody can look at a network's transactions. */
const EXPLORERS: Record<string, string> = {
  "eip155:8453": "https://basescan.org/tx/",
  "eip155:84532": "https://sepolia.basescan.org/tx/",
};

/** Finds the page of a transaction. A sandbox's chain has a public one's number, but is seen by nobody else: it has none. */
export function useExplorer(): (network: string, hash: string) => string | undefined {
  const isPublic = useMe()?.sandbox === null;
  return (network, hash) => {
    const explorer = EXPLORERS[network];
    return !isPublic || explorer === undefined || !/^0x[0-9a-f]{64}$/i.test(hash)
      ? undefined
      : explorer + hash;
  };
}
