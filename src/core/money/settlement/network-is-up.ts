import type { Network } from "../../ports/network.ts";
import { within } from "../../ports/within.ts";

const MAX_WAIT_MS = 1_000;

/** Whether the network's chain and its facilitator answer at this moment. */
export async function networkIsUp({ chain, seller }: Pick<Network, "chain" | "seller">): Promise<boolean> {
  try {
    await within(MAX_WAIT_MS, () => Promise.all([chain.blockNumber(), seller.checkFacilitator()]));
    return true;
  } catch {
    return false;
  }
}
