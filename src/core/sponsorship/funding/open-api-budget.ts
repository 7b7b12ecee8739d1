import { openFundedAccount } from "../../money/budget/index.ts";
import type { Network } from "../../ports/network.ts";
import type { Sql } from "../../ports/sql.ts";
import { requireOpen } from "../sponsor/index.ts";
import { linkBudget, lockBudget } from "../sponsored-api/index.ts";

/**
 * Opens an empty budget on this network for an API that has none, in a transaction. Returns its account's id, also if another call
 * opened it first. The API is locked before, so that of two calls at once the second one opens no second account.
 * @throws AppError `not_found` if its sponsor was closed
 */
export async function openApiBudget(
  sql: Sql,
  { apiId, sponsorId }: { apiId: string; sponsorId: string },
  network: Network,
): Promise<string> {
  await requireOpen(sql, sponsorId);
  const { budget_account_id: existing } = await lockBudget.one(sql, { id: apiId });
  if (existing !== null) return existing;
  const id = await openFundedAccount(sql, "sponsored_api", network);
  await linkBudget.count(sql, { id: apiId, account_id: id });
  return id;
}
