import { bigint, boolean, nullable, uuid } from "../../ports/sql-types.ts";

/** What the user's rules say about a call. */
export interface RuledCall {
  /** A rule asks for one more yes before a call of this amount. */
  needs_yes: boolean;
  /** The rule that exempts the service from that, with what it still covers. Null: there is none. */
  exempt_rule_id: string | null;
  exempt_remaining: bigint | null;
}

/** The columns of `RuledCall`. */
export const RULED = {
  needs_yes: boolean,
  exempt_rule_id: nullable(uuid),
  exempt_remaining: nullable(bigint),
};

/**
 * SQL: one row with what the user's rules say about a call. One kind of rule asks for one more yes above an amount, the
 * other exempts a service from that.
 * @param call the SQL of the call's grant, service and amount
 */
export const rulesOfCall = (call: { grantId: string; service: string; amount: string }): string => `
  SELECT asked.needs_yes, exempt.id AS exempt_rule_id, exempt.remaining AS exempt_remaining
    FROM (SELECT EXISTS (SELECT FROM live_rules r WHERE r.grant_id = ${call.grantId} AND r.kind = 'ask_above'
                                                    AND ${call.amount} > r.amount_micros) AS needs_yes) AS asked
    LEFT JOIN LATERAL (
      SELECT r.id, r.remaining FROM live_rules r
       WHERE asked.needs_yes AND r.grant_id = ${call.grantId} AND r.kind = 'dont_ask' AND r.service = ${call.service} LIMIT 1
    ) AS exempt ON true`;

/** Whether the user has to be asked before a call. An approval is a yes. */
export const mustAsk = (
  { needs_yes, exempt_remaining }: Pick<RuledCall, "needs_yes" | "exempt_remaining">,
  amount: bigint,
): boolean => needs_yes && (exempt_remaining === null || exempt_remaining < amount);
