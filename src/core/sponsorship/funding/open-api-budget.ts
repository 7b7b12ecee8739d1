import { insertFundedAccount } from "../../money/budget/index.ts";
import type { Queries } from "../../ports/database.ts";
import { linkBudget } from "../sponsored-api/index.ts";

/**
 * Opens an empty budget for an API that has none. Returns its account's id, also if another call opened it
 * first.
 */
export const openApiBudget = async (tx: Queries, apiId: string): Promise<string> =>
  linkBudget(tx, apiId, await insertFundedAccount(tx, "sponsored_api"));
