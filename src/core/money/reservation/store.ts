import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import type { PaymentSubject } from "./payment-subject.ts";
import { CLAIM, CLAIM_HOLDS, SUBJECT, SUBJECT_COLUMNS, SUBJECT_VALUES, toParams } from "./payment-subject.ts";

const insertFree = statement({
  name: "reservation.insert-free",
  limit: "money",
  params: { ...SUBJECT, ...CLAIM },
  row: {},
  text: `
    WITH present AS MATERIALIZED (
      SELECT id FROM users WHERE id = $user_id AND deleted_at IS NULL FOR KEY SHARE
    ), payment AS (
      INSERT INTO payments (${SUBJECT_COLUMNS}, status, erased_at)
      SELECT ${SUBJECT_VALUES.replace("$idempotency_key", "CASE WHEN EXISTS (SELECT FROM present) THEN $idempotency_key END")}, 'free',
             CASE WHEN NOT EXISTS (SELECT FROM present) THEN now() END RETURNING id
    ), event AS (
      INSERT INTO payment_events (payment_id, to_status) SELECT id, 'free' FROM payment
    )
    UPDATE idempotency_keys SET payment_id = $id, claimed_until = now() WHERE ${CLAIM_HOLDS} AND EXISTS (SELECT FROM present)`,
});

/**
 * Records a call that the upstream answered without asking for a payment. It keeps nothing of a user who was deleted meanwhile.
 * The update asks for the user first, so the user is locked before the key.
 */
export async function insertFreePayment(sql: Sql, payment: PaymentSubject): Promise<void> {
  await insertFree.count(sql, toParams(payment));
}
