import { bigint, boolean, integer, listOf, nullable, text, uuid, uuids } from "../../ports/sql-types.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";
import { OPEN_STATUSES } from "../payment/index.ts";
import { RULED, rulesOfCall } from "./rule-sql.ts";

/**
 * What a batch of admissions reads. Each list has one entry a call, and rows are locked in its order. Lateral queries, one a
 * call, keep PostgreSQL from joining whole tables.
 */

/**
 * The accounts of each call, before any of them is locked. Locks the grants (shared), so rules and terms that are set at this moment
 * wait. `day_account_id` is null unless today's account is open and has the right limit; `user_cap_id`, unless it is open.
 */
export const findCaps = statement({
  name: "reservation.find-caps",
  limit: "money",
  params: {
    grant_ids: uuids,
    campaign_ids: listOf(nullable(uuid)),
    user_ids: uuids,
    day_cap_micros: nullable(bigint),
  },
  row: {
    call: integer,
    paused: boolean,
    grant_account_id: nullable(uuid),
    caps_calls: boolean,
    user_cap_id: nullable(uuid),
    day_account_id: nullable(uuid),
  },
  text: `
    WITH day AS MATERIALIZED (
      SELECT a.id FROM budget_accounts a
       WHERE a.day = (now() AT TIME ZONE 'UTC')::date AND a."limit" = greatest(a.reserved + a.spent, $day_cap_micros + (
         SELECT coalesce(sum(i.amount_micros), 0)::bigint FROM incoming_payments i
          WHERE i.sponsor_id IS NOT NULL AND i.settled_at >= (now() AT TIME ZONE 'UTC')::date::timestamp AT TIME ZONE 'UTC'))
    )
    SELECT c.n::integer AS call, (SELECT paused FROM payment_switch) AS paused, g.budget_account_id AS grant_account_id,
           m.max_calls_per_user IS NOT NULL AS caps_calls, cap.id AS user_cap_id, (SELECT id FROM day) AS day_account_id
      FROM unnest($grant_ids, $campaign_ids, $user_ids) WITH ORDINALITY AS c(grant_id, campaign_id, user_id, n)
      LEFT JOIN LATERAL (SELECT budget_account_id FROM grants WHERE id = c.grant_id FOR SHARE) g ON true
      LEFT JOIN LATERAL (SELECT max_calls_per_user FROM campaigns WHERE id = c.campaign_id OFFSET 0) m ON true
      LEFT JOIN LATERAL (
        SELECT id FROM budget_accounts WHERE campaign_id = c.campaign_id AND user_id = c.user_id OFFSET 0
      ) cap ON true`,
});

const UNDECIDED = `
  SELECT count(*) AS payments, coalesce(sum(p.amount_micros), 0)::bigint AS micros
    FROM payments p WHERE p.status IN ('${OPEN_STATUSES.join("', '")}')`;

/**
 * What decides about each call besides its accounts, which are locked by now: so it sees every other payment of the same payer, and of
 * the same day's cap. Locks the claims, the approvals, and the completions (shared).
 */
export const readFacts = statement({
  name: "reservation.read-facts",
  limit: "money",
  params: {
    grant_ids: uuids,
    claim_operations: listOf(text),
    claim_keys: listOf(text),
    claim_ids: uuids,
    approval_ids: listOf(nullable(uuid)),
    campaign_ids: listOf(nullable(uuid)),
    user_ids: uuids,
    sponsor_ids: uuids,
    services: listOf(text),
    amounts: listOf(bigint),
    /** Sponsors of whose payments a day's cap allows a share only, each once. */
    capped_sponsor_ids: uuids,
  },
  row: {
    call: integer,
    claimed: boolean,
    approved: boolean,
    completed: boolean,
    ...RULED,
    user_payments: bigint,
    user_micros: bigint,
    sponsor_payments: nullable(bigint),
    sponsor_micros: nullable(bigint),
  },
  text: `
    WITH of_sponsor AS MATERIALIZED (
      SELECT s.id, u.payments, u.micros FROM unnest($capped_sponsor_ids) AS s(id) CROSS JOIN LATERAL (${UNDECIDED} AND p.sponsor_id = s.id) u
    )
    SELECT c.n::integer AS call, claim.held IS NOT NULL AS claimed, approval.id IS NOT NULL AS approved,
           completion.id IS NOT NULL AS completed, rule.needs_yes, rule.exempt_rule_id, rule.exempt_remaining,
           of_user.payments AS user_payments, of_user.micros AS user_micros,
           of_sponsor.payments AS sponsor_payments, of_sponsor.micros AS sponsor_micros
      FROM unnest($grant_ids, $claim_operations, $claim_keys, $claim_ids, $approval_ids, $campaign_ids, $user_ids,
                  $sponsor_ids, $services, $amounts) WITH ORDINALITY
             AS c(grant_id, claim_operation, claim_key, claim_id, approval_id, campaign_id, user_id, sponsor_id, service, amount, n)
      LEFT JOIN LATERAL (
        SELECT true AS held FROM idempotency_keys k
         WHERE k.grant_id = c.grant_id AND k.operation = c.claim_operation AND k.key = c.claim_key
           AND k.claim_id = c.claim_id AND k.payment_id IS NULL FOR UPDATE
      ) claim ON true
      LEFT JOIN LATERAL (
        SELECT a.id FROM approvals a WHERE a.id = c.approval_id AND a.status = 'approved' AND a.consumed_at IS NULL FOR UPDATE
      ) approval ON true
      LEFT JOIN LATERAL (
        SELECT t.id FROM counting_completions t WHERE t.campaign_id = c.campaign_id AND t.user_id = c.user_id FOR SHARE
      ) completion ON true
     CROSS JOIN LATERAL (${rulesOfCall({ grantId: "c.grant_id", service: "c.service", amount: "c.amount" })}) rule
     CROSS JOIN LATERAL (
        ${UNDECIDED} AND p.sponsor_id = c.sponsor_id AND p.service = c.service AND p.user_id = c.user_id
           AND p.campaign_id IS NOT DISTINCT FROM c.campaign_id
      ) of_user
      LEFT JOIN of_sponsor ON of_sponsor.id = c.sponsor_id`,
});

export type Facts = RowOf<typeof readFacts>;
