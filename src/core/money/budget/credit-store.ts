import type { Network } from "../../ports/network.ts";
import { bigint, text, uuid } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";

/** Micros that have ever left the treasury on a network: spent from funded accounts, or in settled payouts. */
export const sumSpent = statement({
  name: "budget.sum-spent",
  limit: "money",
  params: { network: text },
  row: { spent: bigint },
  text: `
    SELECT (SELECT coalesce(sum(spent), 0) FROM funded_accounts WHERE network = $network)::bigint
         + (SELECT coalesce(sum(amount_micros), 0) FROM payouts WHERE status = 'settled' AND network = $network)::bigint AS spent`,
});

export interface Booking {
  sponsorId: string;
  /** The account, which is of this network. */
  accountId: string;
  network: Pick<Network, "id" | "asset">;
  amountMicros: bigint;
  reference: string;
  /** The treasury's balance on chain. */
  treasuryMicros: bigint;
  /** `sumSpent`, read before the balance. */
  spentBefore: bigint;
}

/** Lets one booking at a time through, until the transaction ends. */
const lockBookings = statement({
  name: "budget.lock-bookings",
  limit: "money",
  params: {},
  row: { locked: text },
  text: "SELECT pg_advisory_xact_lock(hashtext('tollfree.credits'))::text AS locked",
});

const findBooking = statement({
  name: "budget.find-booking",
  limit: "money",
  params: { reference: text },
  row: { account_id: uuid, amount_micros: bigint },
  text: "SELECT budget_account_id AS account_id, amount_micros FROM credits WHERE reference = $reference",
});

/** Micros that the treasury's balance must cover, before what was spent is taken off. */
const sumOwed = statement({
  name: "budget.sum-owed",
  limit: "money",
  params: { network: text },
  row: { owed: bigint },
  text: `
    SELECT (SELECT coalesce(sum("limit"), 0) FROM funded_accounts WHERE network = $network)::bigint
         + (SELECT coalesce(sum(amount_micros), 0) FROM payouts WHERE network = $network)::bigint
         + (SELECT coalesce(sum(amount_micros), 0) FROM incoming_payments WHERE status = 'claimed' AND network = $network)::bigint AS owed`,
});

const insertCredit = statement({
  name: "budget.insert-credit",
  limit: "money",
  params: {
    sponsor_id: uuid,
    account_id: uuid,
    amount_micros: bigint,
    reference: text,
    network: text,
    asset: text,
  },
  row: {},
  text: `
    WITH credit AS (
      INSERT INTO credits (sponsor_id, budget_account_id, amount_micros, reference)
      VALUES ($sponsor_id, $account_id, $amount_micros, $reference) RETURNING id
    ), transfer AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, credit_id)
      SELECT 'deposit', sponsors.id, budget.id, $amount_micros, credit.id
        FROM credit, ledger_accounts sponsors, ledger_accounts budget
       WHERE sponsors.kind = 'sponsors' AND sponsors.network = $network AND lower(sponsors.asset) = lower($asset)
         AND budget.budget_account_id = $account_id
    )
    UPDATE budget_accounts SET "limit" = "limit" + $amount_micros FROM credit WHERE budget_accounts.id = $account_id`,
});

/**
 * Books a credit, if the treasury's balance covers it: the limits of all funded accounts, less what was spent
 * before the balance was read, must not exceed the balance. The check is strict: it also counts money that is
 * spent but not yet confirmed, and incoming payments that haven't arrived yet.
 * @returns `shortfall` with the micros that are covered, if it wasn't booked; `known` with the earlier
 *   booking, if the reference was used before
 */
export async function bookCredit(
  sql: Sql,
  { sponsorId, accountId, network, amountMicros, reference, treasuryMicros, spentBefore }: Booking,
): Promise<
  | { kind: "booked" }
  | { kind: "shortfall"; coveredMicros: bigint }
  | { kind: "known"; accountId: string; amountMicros: bigint }
> {
  await lockBookings.count(sql, {});
  const known = await findBooking.first(sql, { reference });
  if (known !== undefined)
    return { kind: "known", accountId: known.account_id, amountMicros: known.amount_micros };

  const { owed } = await sumOwed.one(sql, { network: network.id });
  const covered = treasuryMicros + spentBefore - owed;
  if (amountMicros > covered) return { kind: "shortfall", coveredMicros: covered > 0n ? covered : 0n };
  await insertCredit.count(sql, {
    sponsor_id: sponsorId,
    account_id: accountId,
    amount_micros: amountMicros,
    reference,
    network: network.id,
    asset: network.asset,
  });
  return { kind: "booked" };
}
