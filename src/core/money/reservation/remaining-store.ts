import type { Queries } from "../../ports/database.ts";

/** Micros that a session and its grant each have left. */
export interface RemainingBudgets {
  session: bigint;
  grant: bigint;
}

export async function readRemainingBudgets(
  db: Queries,
  actor: { budgetAccountId: string; grantBudgetAccountId: string },
): Promise<RemainingBudgets> {
  const balances = await db.accountBalance.findMany({
    where: { id: { in: [actor.budgetAccountId, actor.grantBudgetAccountId] } },
    select: { id: true, remaining: true },
  });
  const remainingOf = (id: string): bigint => balances.find((balance) => balance.id === id)?.remaining ?? 0n;
  return { session: remainingOf(actor.budgetAccountId), grant: remainingOf(actor.grantBudgetAccountId) };
}
