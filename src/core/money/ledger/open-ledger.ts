import type { Deps } from "../../context.ts";
import { texts, text } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { adoptNetwork } from "../budget/index.ts";

/** The accounts of the ledger that aren't budgets: who pays in, who is paid, what is owed, and our fees. */
const KINDS = ["sponsors", "buyers", "upstreams", "payouts", "fees"];

const adoptLedger = statement({
  name: "ledger.adopt-network",
  limit: "job",
  params: { network: text, asset: text },
  row: {},
  text: "UPDATE ledger_accounts SET network = $network, asset = $asset WHERE kind <> 'budget' AND network IS NULL",
});

const openAccounts = statement({
  name: "ledger.open-accounts",
  limit: "job",
  params: { kinds: texts(), network: text, asset: text },
  row: {},
  text: `
    INSERT INTO ledger_accounts (kind, network, asset) SELECT kind, $network, $asset FROM unnest($kinds) AS kind
    ON CONFLICT (kind, network, lower(asset)) WHERE kind <> 'budget' DO NOTHING`,
});

/**
 * Opens the ledger's accounts of every configured network, unless they are open. Every server does it at its
 * start. What was booked when there was only one network becomes the default network's.
 */
export async function openLedger({ sql, networks }: Pick<Deps, "sql" | "networks">): Promise<void> {
  const { id, asset } = networks.default;
  await adoptLedger.count(sql, { network: id, asset });
  await adoptNetwork.count(sql, { network: id, asset });
  for (const network of networks.all)
    await openAccounts.count(sql, { kinds: KINDS, network: network.id, asset: network.asset });
}
