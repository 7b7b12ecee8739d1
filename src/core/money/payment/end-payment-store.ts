import { json, nullable, oneOf, text, texts, uuid } from "../../ports/sql-types.ts";
import type { SqlPool, SqlTransaction } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import type { Evidence } from "../settlement/index.ts";
import { changeOffers, failedUsers, setAsideAfter, setAsideNow } from "./set-aside-store.ts";
import { isTrial, OPEN_AFTER_SIGNING } from "./status.ts";

export type Ending =
  | { status: "settled" | "canceled" | "expired"; txHash: string | null; evidence: Evidence }
  | { status: "void"; reason: string };

const lockPayment = statement({
  name: "payment.lock",
  limit: "money",
  params: { id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM payments WHERE id = $id FOR UPDATE",
});

const endLocked = statement({
  name: "payment.end",
  limit: "money",
  params: {
    id: uuid,
    from: texts(),
    status: oneOf("settled", "canceled", "expired", "void"),
    tx_hash: nullable(text),
    evidence: json<Evidence>(),
  },
  row: { id: uuid, set_aside: nullable(text) },
  text: `
    WITH before AS (
      SELECT id, status, approval_id, $status = 'settled' AS post FROM payments WHERE id = $id AND status = ANY($from) FOR UPDATE
    ), moved AS (
      UPDATE payments p SET status = $status, tx_hash = $tx_hash, settled_at = CASE WHEN before.post THEN now() END, request = NULL
        FROM before WHERE p.id = before.id RETURNING p.id, p.service, p.network, p.asset, p.user_id, ${isTrial("p")} AS trial, p.delivered_at IS NOT NULL AS delivered, p.seller_at_fault, before.post
    ), holds AS MATERIALIZED (
      SELECT r.budget_account_id, r.amount, r.raised FROM payment_reservations r JOIN moved ON moved.id = r.payment_id
    ), locked AS MATERIALIZED (
      SELECT a.id FROM budget_accounts a JOIN holds h ON h.budget_account_id = a.id ORDER BY a.id FOR UPDATE OF a
    ), changed_accounts AS (
      UPDATE budget_accounts a SET reserved = a.reserved - h.amount, spent = a.spent + CASE WHEN moved.post THEN h.amount ELSE 0 END,
             "limit" = a."limit" - CASE WHEN moved.post THEN 0 ELSE h.raised END
        FROM moved, holds h, (SELECT count(*) FROM locked) AS all_locked WHERE a.id = h.budget_account_id
    ), spend AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, payment_id)
      SELECT 'spend', budget.id, upstreams.id, h.amount, moved.id
        FROM moved, holds h JOIN ledger_accounts budget ON budget.budget_account_id = h.budget_account_id, ledger_accounts upstreams
       WHERE moved.post AND upstreams.kind = 'upstreams' AND upstreams.network = moved.network AND lower(upstreams.asset) = lower(moved.asset)
    ), seller AS MATERIALIZED (
      SELECT s.id, ${failedUsers("s", { delivered: "moved.delivered", atFault: "moved.seller_at_fault", userId: "moved.user_id" })} AS failed
        FROM moved JOIN sponsored_apis s ON s.service_key = moved.service WHERE moved.post AND NOT moved.trial FOR UPDATE OF s
    ), service AS (
      UPDATE sponsored_apis s SET paid_calls = s.paid_calls + 1, last_settled_at = now(), undelivered_calls = s.undelivered_calls + CASE WHEN moved.delivered THEN 0 ELSE 1 END,
             ${setAsideAfter("s", "seller.failed")}
        FROM moved, seller WHERE s.id = seller.id RETURNING s.id, s.active, s.reliability, ${setAsideNow("s")} AS set_aside
    ), ${changeOffers("service")}, approval AS (
      UPDATE approvals SET consumed_at = NULL FROM before, moved WHERE approvals.id = before.approval_id AND NOT before.post
    ), event AS (
      INSERT INTO payment_events (payment_id, from_status, to_status, evidence)
      SELECT moved.id, before.status, $status, $evidence FROM moved, before
    )
    SELECT moved.id, (SELECT set_aside FROM service) AS set_aside FROM moved`,
});

/**
 * Ends a payment, at most once. If the money moved, posts the reservation as spent, writes the ledger entry,
 * counts a paid call for the service, and an undelivered one if no answer came; a trial counts as neither. A seller that keeps failing is set
 * aside. If the money can't move any
 * more, releases the reservation, undoes the raise of an approved budget, and makes that approval usable
 * again.
 *
 * It isn't flushed: what it says is proven on the chain, or comes of a payment that was never signed, and if it is lost with
 * PostgreSQL, the reconciler does it again. The call's audit row is flushed after it, and keeps both.
 * @returns undefined if another call ended it; else `setAside`, the service that was set aside with this payment
 */
export async function endPayment(
  sql: SqlPool,
  id: string,
  ending: Ending,
): Promise<{ setAside: string | undefined } | undefined> {
  const work = async (tx: SqlTransaction): Promise<{ setAside: string | undefined } | undefined> => {
    // Locked in a statement of its own. So the next statement sees the reservation that `creditIncoming` may
    // be adding at this moment.
    await lockPayment.first(tx, { id });
    const ended = await endLocked.first(tx.last, {
      id,
      from: ending.status === "void" ? ["reserved"] : [...OPEN_AFTER_SIGNING],
      status: ending.status,
      tx_hash: ending.status === "void" ? null : ending.txHash,
      evidence: ending.status === "void" ? { reason: ending.reason } : ending.evidence,
    });
    return ended && { setAside: ended.set_aside ?? undefined };
  };
  return sql.transaction(work, { flushes: false });
}
