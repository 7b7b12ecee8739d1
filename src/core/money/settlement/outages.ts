import type { Deps } from "../../context.ts";
import type { Network } from "../../ports/network.ts";
import { networkIsUp } from "./network-is-up.ts";
import { noteOutage } from "./outage-store.ts";

/**
 * Whether the network's chain and its facilitator answer at this moment. If they don't, that is recorded: payments that
 * were signed before it aren't held against their sellers.
 */
export async function upOrNoted({ sql }: Pick<Deps, "sql">, network: Network): Promise<boolean> {
  if (await networkIsUp(network)) return true;
  await noteOutage.count(sql, { network: network.id });
  return false;
}

/** Records which networks are away at this moment. */
export async function noteOutages({ sql, networks }: Pick<Deps, "sql" | "networks">): Promise<void> {
  await Promise.all(networks.all.map((network) => upOrNoted({ sql }, network)));
}
