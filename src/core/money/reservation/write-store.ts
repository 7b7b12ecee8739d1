import { bigint, bytes, listOf, nullable, text, uuid, uuids } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import type { TakenHold } from "./judge.ts";
import type { PaymentSubject } from "./payment-subject.ts";

/** The columns of a payment that differ from call to call, each as a list. */
const PAYMENTS = {
  ids: uuids,
  services: listOf(text),
  campaign_ids: listOf(nullable(uuid)),
  sponsor_ids: uuids,
  amounts: listOf(bigint),
  networks: listOf(text),
  assets: listOf(text),
  pay_tos: listOf(text),
  agent_ids: uuids,
  session_ids: uuids,
  grant_ids: uuids,
  user_ids: uuids,
  input_digests: listOf(bytes),
  idempotency_keys: listOf(nullable(text)),
  quote_digests: listOf(nullable(bytes)),
  approval_ids: listOf(nullable(uuid)),
  rule_ids: listOf(nullable(uuid)),
};

const insertAll = statement({
  name: "reservation.reserve",
  limit: "money",
  params: {
    ...PAYMENTS,
    claim_operations: listOf(text),
    claim_keys: listOf(text),
    used_approval_ids: uuids,
    /** One entry a hold. */
    held_payment_ids: uuids,
    held_account_ids: uuids,
    held_amounts: listOf(bigint),
    held_raises: listOf(bigint),
    /** One entry an account: what all calls together take from it. */
    account_ids: uuids,
    account_amounts: listOf(bigint),
    account_raises: listOf(bigint),
  },
  row: {},
  text: `
    WITH call AS MATERIALIZED (
      SELECT * FROM unnest(${Object.keys(PAYMENTS)
        .map((name) => `$${name}`)
        .join(", ")}, $claim_operations, $claim_keys)
        AS c(id, service, campaign_id, sponsor_id, amount_micros, network, asset, pay_to, agent_id, agent_session_id, grant_id,
             user_id, input_digest, idempotency_key, quote_digest, approval_id, rule_id, claim_operation, claim_key)
    ), taken AS (
      UPDATE budget_accounts a SET reserved = a.reserved + t.amount, "limit" = a."limit" + t.raise
        FROM unnest($account_ids, $account_amounts, $account_raises) AS t(id, amount, raise) WHERE a.id = t.id
    ), payment AS (
      INSERT INTO payments (id, service, campaign_id, sponsor_id, amount_micros, network, asset, pay_to, agent_id, agent_session_id,
                            grant_id, user_id, input_digest, idempotency_key, quote_digest, approval_id, rule_id, status)
      SELECT id, service, campaign_id, sponsor_id, amount_micros, network, asset, pay_to, agent_id, agent_session_id,
             grant_id, user_id, input_digest, idempotency_key, quote_digest, approval_id, rule_id, 'reserved' FROM call
    ), kept AS (
      INSERT INTO payment_reservations (payment_id, budget_account_id, amount, raised)
      SELECT * FROM unnest($held_payment_ids, $held_account_ids, $held_amounts, $held_raises)
    ), event AS (
      INSERT INTO payment_events (payment_id, to_status) SELECT id, 'reserved' FROM call
    ), consumed AS (
      UPDATE approvals SET consumed_at = now() WHERE id = ANY($used_approval_ids)
    )
    UPDATE idempotency_keys k SET payment_id = call.id, claimed_until = now()
      FROM call WHERE k.grant_id = call.grant_id AND k.operation = call.claim_operation AND k.key = call.claim_key`,
});

/** A call that was admitted. */
interface Admitted {
  payment: PaymentSubject;
  holds: readonly TakenHold[];
  /** The approval that it uses up. */
  approvalId: string | null;
  /** The rule by which the user isn't asked. */
  ruleId: string | null;
}

/** Writes the admitted calls. Their accounts, keys and approvals are locked, and have enough left. */
export async function writeReservations(tx: Sql, admitted: readonly Admitted[]): Promise<void> {
  const payments = admitted.map(({ payment }) => payment);
  const holds = admitted.flatMap((call) =>
    call.holds.map((hold) => ({ ...hold, paymentId: call.payment.id })),
  );
  const taken = new Map<string, { amount: bigint; raise: bigint }>();
  for (const { accountId, amount, raise } of holds) {
    const before = taken.get(accountId) ?? { amount: 0n, raise: 0n };
    taken.set(accountId, { amount: before.amount + amount, raise: before.raise + raise });
  }
  const bound = await insertAll.count(tx, {
    ids: payments.map(({ id }) => id),
    services: payments.map(({ service }) => service),
    campaign_ids: payments.map(({ campaignId }) => campaignId),
    sponsor_ids: payments.map(({ sponsorId }) => sponsorId),
    amounts: payments.map(({ amountMicros }) => amountMicros),
    networks: payments.map(({ network }) => network),
    assets: payments.map(({ asset }) => asset),
    pay_tos: payments.map(({ payTo }) => payTo),
    agent_ids: payments.map(({ agentId }) => agentId),
    session_ids: payments.map(({ sessionId }) => sessionId),
    grant_ids: payments.map(({ grantId }) => grantId),
    user_ids: payments.map(({ userId }) => userId),
    input_digests: payments.map(({ inputDigest }) => inputDigest),
    idempotency_keys: payments.map(({ idempotencyKey }) => idempotencyKey),
    quote_digests: payments.map(({ quoteDigest }) => quoteDigest),
    approval_ids: admitted.map(({ approvalId }) => approvalId),
    rule_ids: admitted.map(({ ruleId }) => ruleId),
    claim_operations: payments.map(({ claim }) => claim.operation),
    claim_keys: payments.map(({ claim }) => claim.key),
    used_approval_ids: admitted.flatMap(({ approvalId }) => approvalId ?? []),
    held_payment_ids: holds.map(({ paymentId }) => paymentId),
    held_account_ids: holds.map(({ accountId }) => accountId),
    held_amounts: holds.map(({ amount }) => amount),
    held_raises: holds.map(({ raise }) => raise),
    account_ids: [...taken.keys()],
    account_amounts: [...taken.values()].map(({ amount }) => amount),
    account_raises: [...taken.values()].map(({ raise }) => raise),
  });
  if (bound !== admitted.length)
    throw new Error(`${admitted.length} calls were admitted, but ${bound} keys bound`);
}
