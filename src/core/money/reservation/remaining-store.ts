import { bigint, text, uuid } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import { mustAsk, RULED, rulesOfCall } from "./rule-sql.ts";

interface Accounts {
  budgetAccountId: string;
  grantBudgetAccountId: string;
}

const readRemaining = statement({
  name: "reservation.read-remaining",
  limit: "read",
  params: { session_account_id: uuid, grant_account_id: uuid },
  row: { session: bigint, grant: bigint },
  text: `
    SELECT s.remaining AS session, g.remaining AS "grant" FROM account_balances s, account_balances g
     WHERE s.id = $session_account_id AND g.id = $grant_account_id`,
});

/** Returns the micros that a session and its grant each have left. */
export const readRemainingBudgets = (sql: Sql, actor: Accounts) =>
  readRemaining.one(sql, {
    session_account_id: actor.budgetAccountId,
    grant_account_id: actor.grantBudgetAccountId,
  });

const readAllowance = statement({
  name: "reservation.read-allowance",
  limit: "read",
  params: {
    grant_id: uuid,
    service: text,
    amount_micros: bigint,
    session_account_id: uuid,
    grant_account_id: uuid,
  },
  row: { session: bigint, grant: bigint, ...RULED },
  text: `
    SELECT s.remaining AS session, g.remaining AS "grant", rule.needs_yes, rule.exempt_rule_id, rule.exempt_remaining
      FROM account_balances s, account_balances g, (
        ${rulesOfCall({ grantId: "$grant_id", service: "$service", amount: "$amount_micros" })}
      ) AS rule
     WHERE s.id = $session_account_id AND g.id = $grant_account_id`,
});

/** The same for a call, and whether the user wants to be asked about it, by a rule that they set. */
export async function readCallAllowance(
  sql: Sql,
  actor: Accounts & { grantId: string },
  { service, amountMicros }: { service: string; amountMicros: bigint },
): Promise<{ session: bigint; grant: bigint; aboveRule: boolean }> {
  const { session, grant, ...ruled } = await readAllowance.one(sql, {
    grant_id: actor.grantId,
    service,
    amount_micros: amountMicros,
    session_account_id: actor.budgetAccountId,
    grant_account_id: actor.grantBudgetAccountId,
  });
  return { session, grant, aboveRule: mustAsk(ruled, amountMicros) };
}
